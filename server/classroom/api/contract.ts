// What the pages and the classroom say to each other: the shapes of every answer, told once. The router's procedures
// declare these as their output; the pages import the types only.

import { z } from 'zod'

export const labSummary = z.object({
  id: z.string(),
  /** A number, or a letter for the first steps. */
  number: z.string(),
  title: z.string(),
  summary: z.string(),
  /** Of its steps' titles and commands, each once: what it is found by. */
  words: z.string(),
  minutes: z.number(),
  state: z.enum(['new', 'started', 'done']),
  /** The step the learner stands at, from 1. */
  step: z.number(),
  steps: z.number(),
  hintsOpened: z.number(),
  firstTry: z.boolean(),
})
export type LabSummary = z.infer<typeof labSummary>

export const courseView = z.object({
  chapters: z.array(z.object({ id: z.string(), title: z.string(), labs: z.array(labSummary) })),
  /**
   * What the one big button does. `when` says where one stopped, `lead` the next thing to do, in one sentence each;
   * `asleep`: the cluster has to be woken.
   */
  resume: z.object({
    labId: z.string(),
    title: z.string(),
    lead: z.string(),
    started: z.boolean(),
    when: z.string(),
    asleep: z.boolean(),
  }),
  /** What comes after that. */
  // biome-ignore lint/suspicious/noThenProperty: a list is never mistaken for a promise
  then: z.array(z.object({ labId: z.string(), title: z.string(), summary: z.string(), minutes: z.number() })),
  /** Where worker machines come from here; `simulated` says plainly why and what would mend it. */
  machines: z.object({ kind: z.enum(['real', 'simulated']), reason: z.string(), remedy: z.string() }),
  learner: z.object({ name: z.string(), initials: z.string() }),
})
export type CourseView = z.infer<typeof courseView>

/** `html` is our own rendered Markdown, safe to set. */
export const stepBlock = z.discriminatedUnion('type', [
  z.object({ type: z.literal('prose'), html: z.string() }),
  z.object({ type: z.literal('command'), command: z.string() }),
  z.object({ type: z.literal('file'), name: z.string(), language: z.string(), text: z.string() }),
  /** Asked before the learner acts; `answered` comes with the session. */
  z.object({ type: z.literal('predict'), id: z.string(), question: z.string(), options: z.array(z.string()) }),
  z.object({ type: z.literal('quiz'), id: z.string(), question: z.string(), options: z.array(z.string()) }),
  /** Typed by the learner, judged by the check `<step>.<id>`. */
  z.object({ type: z.literal('answer'), id: z.string(), question: z.string(), placeholder: z.string() }),
])
export type StepBlock = z.infer<typeof stepBlock>

export const stepView = z.object({
  number: z.number(),
  title: z.string(),
  blocks: z.array(stepBlock),
  checks: z.array(z.object({ id: z.string(), aim: z.string() })),
  /** Titles only; a hint's text comes when it is opened. */
  hints: z.array(z.object({ id: z.string(), title: z.string() })),
})
export type StepView = z.infer<typeof stepView>

export const labView = z.object({
  id: z.string(),
  number: z.string(),
  title: z.string(),
  summary: z.string(),
  minutes: z.number(),
  /** Said when it is done. */
  learned: z.array(z.string()),
  steps: z.array(stepView),
  next: z.object({ labId: z.string(), title: z.string() }).nullable(),
})
export type LabView = z.infer<typeof labView>

export const checkResult = z.object({
  state: z.enum(['ok', 'waiting', 'failed']),
  /** What is still missing, in the words of the learner's own objects; empty when ok. */
  message: z.string(),
  saw: z.string(),
  wanted: z.string(),
})
export type CheckResult = z.infer<typeof checkResult>

export const answerResult = z.object({ choice: z.number(), correct: z.boolean(), explanation: z.string() })
export type AnswerResult = z.infer<typeof answerResult>

/** Where in the cluster's own time a step of the lab began, or turned green. */
export const stepFlag = z.object({ step: z.number(), is: z.enum(['begun', 'passed']), revision: z.number() })
export type StepFlag = z.infer<typeof stepFlag>

/** Everything about a learner's run of one lab; pushed whole whenever something changed. */
export const sessionView = z.object({
  id: z.string(),
  labId: z.string(),
  phase: z.enum(['queued', 'starting', 'ready', 'resetting', 'asleep', 'failed']),
  /** What is going on while it is not ready, the place in line while every seat is taken, or what went wrong and what to do. */
  message: z.string(),
  /** Why the lab has begun anew where the learner did not ask for that; empty when it has not. */
  notice: z.string(),
  /** The step the learner looks at, and how far the checks have come. Both from 1. */
  step: z.number(),
  reached: z.number(),
  done: z.boolean(),
  flags: z.array(stepFlag).readonly(),
  checks: z.record(z.string(), checkResult),
  answers: z.record(z.string(), answerResult),
  /** What was typed into answer blocks, by block id. */
  typed: z.record(z.string(), z.string()),
  /** Opened hints: id to html. */
  hints: z.record(z.string(), z.string()),
  /** The tabs of the learner's terminal, the same in every browser; `title` is the last command. */
  terminals: z.array(z.object({ name: z.string(), title: z.string(), isMachine: z.boolean() })),
  nodes: z.array(z.object({ name: z.string(), ready: z.boolean(), simulated: z.boolean() })),
  version: z.string(),
  /** Milliseconds from the click to Ready nodes and a prompt. */
  startedInMs: z.number().nullable(),
})
export type SessionView = z.infer<typeof sessionView>

// The router, procedure by procedure (server/classroom/api/router.ts implements it as `appRouter`):
//
//   course.overview                 query                              → CourseView
//   lab.get          { labId }      query                              → LabView
//   lab.start        { labId }      mutation, resolves when the session exists (it may still be starting) → SessionView
//   session.watch    { sessionId }  subscription (SSE)                 → SessionView
//   session.stir     { sessionId }  mutation: somebody is there
//   session.goTo     { sessionId, step }             mutation          → SessionView
//   session.answer   { sessionId, questionId, choice } mutation        → SessionView
//   session.typeAnswer { sessionId, answerId, text } mutation          → SessionView
//   session.openHint { sessionId, hintId }           mutation          → SessionView
//   session.reset    { sessionId }  mutation: the lab back to its start → SessionView
//   picture.watch    { sessionId, since? } subscription (SSE)          → PicturePush
//   picture.objects  { sessionId }  subscription (SSE)                 → ObjectsPush
//   picture.selected { sessionId, selector, namespace } subscription   → SelectedPush
//   picture.accessAt { sessionId, question, revision } query           → AccessPush of roles and bindings as they were
//   picture.networkAt { sessionId, revision }        query             → NetworkMoment
//   picture.trace    { sessionId, question }         mutation          → TracedRequest, or why it cannot be made
//   picture.versions { sessionId, object }           query             → ObjectVersions
//   picture.steer    { sessionId, order } mutation: hold, step, slow, release loops → GateState[]
//   terminal.open    { sessionId, machine?, another? } mutation        → { tab }
//   terminal.close   { sessionId, tab, force }       mutation          → { running }, not empty when it was left open
//   preview.doors    { sessionId }  query                              → { kind, namespace, name, url }[]
//   preview.open     { sessionId, url }              mutation          → { path }: where that door is seen in the classroom
//   files.list       { sessionId }  query                              → { path, bytes }[]
//   files.read       { sessionId, path }             query             → { text, version }
//   files.write      { sessionId, path, text, version | null } mutation → { version }; CONFLICT when it is another one
//   files.rename     { sessionId, path, to }         mutation
//   files.remove     { sessionId, path }             mutation
//   cluster.kubeconfig   { sessionId }               query             → { text, cluster, server }
//   cluster.openApiIndex { sessionId }               query             → { [group version]: address }
//   cluster.openApi  { sessionId, groupVersion }     query             → schemas by name
//
// The terminal is a WebSocket at `/terminal/<sessionId>/<tab>` (tab: `1`, `2`, … or a machine's name, as the session's
// view lists them): binary frames are bytes both ways; text frames are JSON: `{"resize":{"columns":80,"rows":24}}` to the
// server, `{"exit":0}` and `{"ready":true}` (after the kept scroll-back has been sent) from it. The shell outlives the socket.
