// The JSON Schema of policies.
// It checks policies here, and `vestige policy schema` publishes it for editors.
import { SEVERITIES } from './verdict.ts';

/** The part of JSON Schema that describes a policy. `description` says what a value has to be, for messages too. */
export interface Schema {
  readonly type?: JsonType | readonly JsonType[];
  readonly description?: string;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: Schema;
  readonly additionalProperties?: false | Schema;
  readonly minProperties?: number;
}

type JsonType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';

/** The longest expression: enough for a page of conditions. */
const LONGEST_EXPRESSION = 8192;

const expression = (description: string): Schema => ({
  type: 'string',
  description,
  minLength: 1,
  maxLength: LONGEST_EXPRESSION,
});
const text = (description: string): Schema => ({
  type: 'string',
  description,
  minLength: 1,
  maxLength: LONGEST_EXPRESSION,
});
const list = (items: Schema, maxItems: number): Schema => ({ type: 'array', items, maxItems });

const ruleId: Schema = {
  type: 'string',
  description: "a rule's ID in kebab-case: deleted-executable",
  pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
  maxLength: 100,
};
const severity: Schema = {
  type: 'string',
  description: `one of ${SEVERITIES.join(', ')}`,
  enum: SEVERITIES,
};
const day: Schema = {
  type: 'string',
  description: 'a day: 2027-01-31',
  pattern: '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$',
};
const bound: Schema = { type: 'integer', description: 'a number of rows', minimum: 0 };

const RULE_SCHEMA: Schema = {
  type: 'object',
  description: 'a rule',
  required: ['id', 'title', 'severity', 'plugin'],
  additionalProperties: false,
  properties: {
    id: ruleId,
    title: text('a sentence without a full stop'),
    severity,
    description: text('why it matters, and what to look at next'),
    plugin: text('the name of a plugin: sockets'),
    change: {
      type: 'string',
      description:
        'one of added, removed, changed: the rule then looks at the differences to the snapshot before',
      enum: ['added', 'removed', 'changed'],
    },
    where: expression('a condition in CEL over row: row.state == "LISTEN"'),
    count: {
      type: 'object',
      description: 'how many rows must and may match',
      additionalProperties: false,
      minProperties: 1,
      properties: { min: bound, max: bound },
    },
    per: expression('an expression in CEL: rows are counted for each of its values'),
    message: text('a sentence with expressions in braces: "{row.name} ({row.pid})"'),
    attack: list(
      {
        type: 'string',
        description: 'a technique of MITRE ATT&CK: T1036.005',
        pattern: '^T[0-9]{4}([.][0-9]{3})?$',
      },
      20,
    ),
    references: list(
      {
        type: 'string',
        description: 'an address of http or https',
        pattern: '^https?://[^\\s]+$',
        maxLength: 2000,
      },
      20,
    ),
    tags: list(
      {
        type: 'string',
        description: 'a word in kebab-case',
        pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
        maxLength: 100,
      },
      20,
    ),
  },
};

const SUPPRESSION_SCHEMA: Schema = {
  type: 'object',
  description: 'a suppression',
  required: ['rule', 'reason'],
  additionalProperties: false,
  properties: {
    rule: ruleId,
    where: expression('a condition in CEL over the row of the finding'),
    reason: text('why these findings do not count'),
    expires: day,
  },
};

/** The number of `version:` that this program reads. */
const POLICY_VERSION = 1;

/** A policy: what `vestige policy schema` prints and `policies/schema.json` holds. */
export const POLICY_SCHEMA: Schema = {
  type: 'object',
  description: 'a policy',
  required: ['version', 'name'],
  additionalProperties: false,
  properties: {
    version: {
      type: 'integer',
      description: `the version of the form of policies: ${POLICY_VERSION}`,
      enum: [POLICY_VERSION],
    },
    name: { ...ruleId, description: "the policy's name in kebab-case: web-servers" },
    description: text('what the policy is for'),
    include: list(
      text('the name of a policy that ships with the program, or a path relative to this file'),
      32,
    ),
    sets: {
      type: 'object',
      description: 'sets, by their names',
      propertyNames: {
        type: 'string',
        description: 'the name of a set: a letter, then letters and digits',
        pattern: '^[A-Za-z][A-Za-z0-9_]*$',
        maxLength: 100,
      },
      additionalProperties: {
        type: ['array', 'string'],
        description: 'a list, or an expression over other sets: sets.ports + [8080]',
        maxItems: 10_000,
        maxLength: LONGEST_EXPRESSION,
        items: {
          type: ['string', 'integer', 'number', 'boolean'],
          description: 'a text, a number, true or false',
        },
      },
    },
    disable: list(ruleId, 1000),
    severity: {
      type: 'object',
      description: 'severities, by the IDs of rules',
      propertyNames: ruleId,
      additionalProperties: severity,
    },
    rules: list(RULE_SCHEMA, 1000),
    suppress: list(SUPPRESSION_SCHEMA, 1000),
  },
};

/** The schema as it is published. */
export const publishedSchema = (): Readonly<Record<string, unknown>> => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Policy of vestige check',
  ...POLICY_SCHEMA,
});
