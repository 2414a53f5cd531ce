import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export type ReceivedMail = { to: string[]; text: string };

/** A mail server that takes everything and keeps it: enough of SMTP for one client, over a real socket. */
export async function startMailServer(): Promise<{
  url: string;
  mails: ReceivedMail[];
  stop(): Promise<void>;
}> {
  const mails: ReceivedMail[] = [];
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    let mail: ReceivedMail = { to: [], text: '' };
    let inText = false;
    let rest = '';
    const say = (line: string) => socket.write(`${line}\r\n`);
    const line = (text: string) => {
      if (inText) {
        if (text === '.') {
          inText = false;
          mails.push(mail);
          mail = { to: [], text: '' };
          say('250 kept');
        } else mail.text += `${text}\n`;
        return;
      }
      const to = /^RCPT TO:<(.*?)>/i.exec(text)?.[1];
      if (to !== undefined) mail.to.push(to);
      if (/^DATA/i.test(text)) {
        inText = true;
        say('354 go on');
      } else if (/^QUIT/i.test(text)) {
        say('221 bye');
        socket.end();
      } else say('250 fine');
    };
    say('220 here');
    socket.setEncoding('utf8').on('data', (chunk) => {
      const lines = (rest + String(chunk)).split('\r\n');
      rest = lines.pop() ?? '';
      for (const text of lines) line(text);
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
