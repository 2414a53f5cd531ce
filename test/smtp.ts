import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export type MailServer = { url: string; mails: { to: string[]; text: string }[]; close(): Promise<void> };

/** A mail server on loopback that keeps every mail as it came, headers and all, but for those to refused.example. */
export async function startMailServer(): Promise<MailServer> {
  const mails: MailServer['mails'] = [];
  const server = createServer((socket) => {
    let to: string[] = [];
    let data: string | null = null;
    let rest = '';
    const say = (line: string) => socket.write(`${line}\r\n`);
    const take = (line: string) => {
      if (data !== null) {
        if (line !== '.') data += `${line}\n`;
        else {
          mails.push({ to, text: data });
          data = null;
          to = [];
          say('250 kept');
        }
      } else if (/^RCPT TO:.*@refused\.example>/i.test(line)) {
        say('550 no such mailbox');
      } else if (/^RCPT TO:/i.test(line)) {
        to.push(/<(.*)>/.exec(line)?.[1] ?? '');
        say('250 ok');
      } else if (/^DATA$/i.test(line)) {
        data = '';
        say('354 go on');
      } else if (/^QUIT$/i.test(line)) socket.end('221 bye\r\n');
      else say('250 ok');
    };
    say('220 here');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const lines = (rest + String(chunk)).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    close: async () => {
      server.close();
    },
  };
}
