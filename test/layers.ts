import { dirname, normalize } from 'node:path/posix';

export type SourceFile = { path: string; text: string };
export type Offence = { path: string; line: number; rule: string; text: string };

type Rule = {
  says: string;
  /** Which files it is about; paths from the root of the repository. */
  applies: (path: string) => boolean;
  /** Offends by what is imported: a path from the root, or a package's name. */
  imports?: (imported: string, path: string) => boolean;
  /** Offends by what a line says. */
  line?: RegExp;
};

const within = (...folders: string[]) => {
  return (path: string) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
};

const isPure = within('src/model', 'src/segmentation', 'src/review');
/** Where people and the clock come in: they know all the rest, and none of it knows them. */
const isDoor = within('src/server', 'src/cli', 'src/cli.ts', 'src/main.ts', 'src/app.ts', 'jobs');
const ours = within('src', 'connectors', 'jobs', 'sandbox', 'bench');
const PURE_PACKAGES = /^(node:crypto|zod|luxon|yaml|pure-rand|ml-[a-z-]+|@stdlib\/.+)(\/.*)?$/;

/** The folder of one system: `connectors/hubspot` of `connectors/hubspot/push.ts`; '' for the files beside them. */
function systemOf(path: string): string {
  return /^connectors\/[^/]+\/(?=.)/.exec(path)?.[0] ?? '';
}

/** Which part may know which. */
const rules: Rule[] = [
  {
    says: 'src/model, src/segmentation and src/review do no I/O: they import each other, src/errors.ts and pure packages',
    applies: isPure,
    imports: (imported) =>
      imported.includes('.ts')
        ? !isPure(imported) && imported !== 'src/errors.ts'
        : !PURE_PACKAGES.test(imported),
  },
  {
    says: 'src/model, src/segmentation and src/review read no clock and no chance: asOf and a seed are parameters',
    applies: isPure,
    line: /\bDate\.now\(|\bnew Date\(\s*\)|\bperformance\.now\(|\bMath\.random\(|\brandom(Bytes|Int|UUID)\(|\bDateTime\.(now|local|utc)\(\s*\)/,
  },
  {
    says: 'connectors do not import one another',
    applies: within('connectors'),
    imports: (imported, path) =>
      systemOf(path) !== '' && systemOf(imported) !== '' && systemOf(imported) !== systemOf(path),
  },
  {
    says: 'connectors know neither the store nor the jobs',
    applies: within('connectors'),
    imports: within('src/store', 'src/pipeline', 'src/views', 'jobs', 'pg', '@electric-sql/pglite', 'bullmq'),
  },
  {
    says: 'the sandbox is a model of its own: it is not built from the connectors or the store',
    applies: within('sandbox'),
    imports: within('connectors', 'src/store', 'src/pipeline', 'src/views', 'jobs'),
  },
  {
    says: 'only src/config.ts reads the environment',
    applies: (path) => ours(path) && path !== 'src/config.ts',
    line: /\bprocess\.env\b|\bimport\.meta\.env\b/,
  },
  {
    // `select 1` asks only whether the database answers.
    says: 'only src/store, src/pipeline and src/views run SQL',
    applies: (path) =>
      within('src', 'connectors', 'jobs')(path) && !within('src/store', 'src/pipeline', 'src/views')(path),
    line: /\.query\s*(<.*>)?\(\s*[`'"](?!select 1[`'"])\s*(--|select|insert|update|delete|with|create|alter|drop|truncate|lock|begin)/i,
  },
  {
    says: 'src/views only reads',
    applies: within('src/views'),
    line: /\b(insert into|delete from|update \$\{|for update)\b|\btransaction\(/i,
  },
  {
    says: 'src/store knows nothing of the stages, of privacy and of what is shown',
    applies: within('src/store'),
    imports: within('src/pipeline', 'src/privacy', 'src/views'),
  },
  {
    says: 'what happens to the data knows nothing of the doors to it: server, command line, jobs',
    applies: within('src/store', 'src/pipeline', 'src/privacy', 'src/views'),
    imports: isDoor,
  },
  {
    says: 'the server and the jobs do not know the command line, nor the jobs the server',
    applies: within('src/server', 'jobs'),
    imports: (imported, path) =>
      within('src/cli', 'src/cli.ts')(imported) || (within('jobs')(path) && within('src/server')(imported)),
  },
  {
    says: 'only the command line and the measurements start the sandbox',
    applies: (path) => ours(path) && !within('src/cli', 'bench', 'sandbox')(path),
    imports: within('sandbox'),
  },
  {
    says: 'src/pipeline knows nothing of what is shown',
    applies: within('src/pipeline'),
    imports: within('src/views'),
  },
  {
    says: 'only jobs imports bullmq',
    applies: (path) => ours(path) && !within('jobs')(path),
    imports: within('bullmq'),
  },
];

/** Every place where a file breaks a rule. */
export function offences(files: SourceFile[]): Offence[] {
  return files.flatMap(({ path, text }) => {
    const own = rules.filter((rule) => rule.applies(path));
    const code = withoutComments(text);
    const imports = importsOf(code).map(({ index, name }) => ({ index, imported: resolved(name, path) }));
    return own.flatMap((rule) => {
      const places = [
        ...imports.filter(({ imported }) => rule.imports?.(imported, path)).map(({ index }) => index),
        ...(rule.line ? [...code.matchAll(new RegExp(rule.line, `${rule.line.flags}g`))] : []).map(
          ({ index }) => index,
        ),
      ];
      return places.map((index): Offence => {
        const line = text.slice(0, index).split('\n').length;
        return { path, line, rule: rule.says, text: (text.split('\n')[line - 1] ?? '').trim() };
      });
    });
  });
}

function importsOf(code: string): { index: number; name: string }[] {
  const pattern = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;
  return [...code.matchAll(pattern)].map((match) => ({ index: match.index, name: match[2] ?? '' }));
}

function resolved(name: string, path: string): string {
  return name.startsWith('.') ? normalize(`${dirname(path)}/${name}`) : name;
}

/** The same length, so that places stay. A `//` inside a string is taken for a comment only after a space. */
function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, ' ');
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(?<=^|\s)\/\/[^\n]*/gm, blank);
}
