// What JUnit XML may hold, as Jenkins, GitLab and others read it: which element stands in which, what each must have,
// and that the numbers of a suite are those of its cases.
import { XMLParser } from 'fast-xml-parser';

interface Form {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly holds: readonly string[];
}

const COUNTS = ['tests', 'failures', 'errors', 'skipped'] as const;

/** Element → its form. One that is not here may not occur. */
const FORMS: Readonly<Record<string, Form>> = {
  testsuites: { required: [], optional: ['name', 'time', ...COUNTS], holds: ['testsuite'] },
  testsuite: {
    required: ['name', ...COUNTS],
    optional: ['time', 'timestamp', 'hostname'],
    holds: ['properties', 'testcase', 'system-out', 'system-err'],
  },
  properties: { required: [], optional: [], holds: ['property'] },
  property: { required: ['name', 'value'], optional: [], holds: [] },
  testcase: {
    required: ['name', 'classname'],
    optional: ['time'],
    holds: ['failure', 'error', 'skipped', 'system-out', 'system-err'],
  },
  failure: { required: ['type', 'message'], optional: [], holds: ['#text'] },
  error: { required: ['type', 'message'], optional: [], holds: ['#text'] },
  skipped: { required: [], optional: ['message'], holds: ['#text'] },
  'system-out': { required: [], optional: [], holds: ['#text'] },
  'system-err': { required: [], optional: [], holds: ['#text'] },
};

interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Node[];
}

/** What is not of the form, as sentences. */
export function flawsOfJunit(xml: string): string[] {
  const parsed: unknown[] = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    parseTagValue: false,
  }).parse(xml);
  const roots = parsed.map(nodeOf).filter(({ name }) => name !== '?xml');
  if (roots.length !== 1 || roots[0]!.name !== 'testsuites') return ['the root is not one testsuites'];
  return flawsIn(roots[0]!);
}

function nodeOf(parsed: unknown): Node {
  const { ':@': attributes = {}, ...rest } = parsed as Record<string, unknown>;
  const [[name, inside]] = Object.entries(rest) as [[string, unknown]];
  return {
    name,
    attributes: attributes as Record<string, string>,
    children: Array.isArray(inside) ? inside.map(nodeOf) : [],
  };
}

function flawsIn({ name, attributes, children }: Node): string[] {
  if (name === '#text') return [];
  const form = FORMS[name];
  if (form === undefined) return [`there is no element ${name}`];
  const known = [...form.required, ...form.optional];
  return [
    ...form.required
      .filter((key) => !Object.hasOwn(attributes, key))
      .map((key) => `${name} has no ${key}`)
      .slice(0, 1),
    ...Object.keys(attributes)
      .filter((key) => !known.includes(key))
      .map((key) => `${name} has ${key}`),
    ...children
      .filter((child) => !form.holds.includes(child.name))
      .map((child) => `${name} holds ${child.name}`),
    ...children.filter((child) => form.holds.includes(child.name)).flatMap(flawsIn),
    ...(name === 'testsuite' ? countFlaws({ name, attributes, children }) : []),
  ];
}

/** A suite counts its cases, and those of them that have failed, are in error or were skipped. */
function countFlaws({ attributes, children }: Node): string[] {
  const cases = children.filter(({ name }) => name === 'testcase');
  const having = (element: string): number =>
    cases.filter((one) => one.children.some(({ name }) => name === element)).length;
  const counted = {
    tests: cases.length,
    failures: having('failure'),
    errors: having('error'),
    skipped: having('skipped'),
  };
  return COUNTS.filter((key) => attributes[key] !== String(counted[key])).map(
    (key) => `testsuite ${attributes['name']} counts ${attributes[key]} ${key}, and has ${counted[key]}`,
  );
}
