// Who may call each procedure, with what input. access.test.ts calls every procedure of the router as everybody and
// compares; a procedure that is missing here fails it.

import type { SmallWorld, Somebody } from '../accounts/testing/small-world.ts'

export interface Row {
  for: readonly Somebody[]
  /** Something that can be done in this world, once. */
  input(world: SmallWorld & { sessionOfLearner: string }): unknown
}

const anybody: readonly Somebody[] = ['nobody', 'guest', 'learner', 'assistant', 'instructor', 'admin', 'stranger']
const people = anybody.filter((each) => each !== 'nobody')
const accountHolders = people.filter((each) => each !== 'guest')
const owner: readonly Somebody[] = ['learner']
const teachers: readonly Somebody[] = ['assistant', 'instructor', 'admin']
/** Whoever may look at the learner's lab. */
const lookers: readonly Somebody[] = ['learner', ...teachers]
const instructors: readonly Somebody[] = ['instructor', 'admin']
const makersOfClasses: readonly Somebody[] = ['instructor', 'admin', 'stranger']
const admins: readonly Somebody[] = ['admin']

const account = { login: 'new.one', name: 'New', password: 'long enough' }
const pod = { group: '', resource: 'pods', namespace: 'default', name: 'web', limit: 1 }
const wish = { verb: 'get', resource: 'pods', subresource: '', namespace: 'default', name: 'web', path: '' }
const nothing = () => undefined
const ofClass =
  (more: object = {}): Row['input'] =>
  ({ classId }) => ({ classId, ...more })
const ofSession =
  (more: object = {}): Row['input'] =>
  ({ sessionOfLearner: sessionId }) => ({ sessionId, ...more })
const ofLearner =
  (more: object = {}): Row['input'] =>
  ({ classId, people: { learner } }) => ({ classId, learnerId: learner?.id, ...more })
const aboutMember =
  (more: object = {}): Row['input'] =>
  async ({ classId, newLearner }) => ({ classId, personId: await newLearner(), ...more })
const aboutAccount =
  (more: object = {}): Row['input'] =>
  async ({ newAccount }) => ({ personId: (await newAccount()).personId, ...more })

export const accessTable: Record<string, Row> = {
  'people.me': { for: anybody, input: nothing },

  'account.logIn': { for: anybody, input: () => ({ login: 'nobody', password: 'wrong' }) },
  'account.createAdministrator': { for: anybody, input: () => ({ token: 'used', account }) },
  'account.logOut': { for: people, input: nothing },
  'account.changePassword': { for: accountHolders, input: () => ({ current: 'wrong', next: 'long enough' }) },

  'join.look': { for: anybody, input: ({ joinCode: code }) => ({ code }) },
  'join.join': { for: people, input: ({ joinCode: code }) => ({ code }) },
  'join.withNewAccount': { for: anybody, input: () => ({ code: 'WRONG', account }) },
  'join.asGuest': { for: anybody, input: ({ joinCode: code }) => ({ code, name: 'Somebody new' }) },

  'class.list': { for: people, input: nothing },
  'class.create': { for: makersOfClasses, input: () => ({ name: 'A third' }) },
  'class.page': { for: teachers, input: ofClass() },
  'class.rename': { for: instructors, input: ofClass({ name: 'Renamed' }) },
  'class.setArchived': { for: instructors, input: ofClass({ isArchived: true }) },
  'class.setPreviews': { for: instructors, input: ofClass({ previews: false }) },
  'class.replaceCode': { for: instructors, input: ofClass({ seats: 3, guests: false, validForHours: 1 }) },
  'class.closeCode': { for: instructors, input: ofClass() },
  'class.addMember': {
    for: instructors,
    input: async ({ classId, newAccount }) => ({ classId, login: (await newAccount()).login, role: 'assistant' }),
  },
  'class.setRole': { for: instructors, input: aboutMember({ role: 'assistant' }) },
  'class.removeMember': { for: instructors, input: aboutMember() },

  'admin.accounts': { for: admins, input: nothing },
  'admin.createAccount': { for: admins, input: () => account },
  'admin.setAdmin': { for: admins, input: aboutAccount({ isAdmin: true }) },
  'admin.setClosed': { for: admins, input: aboutAccount({ isClosed: true }) },
  'admin.resetPassword': { for: admins, input: aboutAccount() },
  'admin.logOut': { for: admins, input: aboutAccount() },

  'course.overview': { for: people, input: nothing },
  'lab.get': { for: people, input: () => ({ labId: 'pods' }) },
  'lab.start': { for: people, input: () => ({ labId: 'pods' }) },
  'session.watch': { for: lookers, input: ofSession() },
  'session.stir': { for: lookers, input: ofSession() },
  'session.goTo': { for: owner, input: ofSession({ step: 1 }) },
  'session.answer': { for: owner, input: ofSession({ questionId: 'who-starts-the-container', choice: 0 }) },
  'session.typeAnswer': { for: owner, input: ofSession({ answerId: 'none', text: 'x' }) },
  'session.openHint': { for: owner, input: ofSession({ hintId: '1.hint-1' }) },
  'session.reset': { for: owner, input: ofSession() },
  'terminal.open': { for: owner, input: ofSession({ machine: 'node-1' }) },
  'terminal.running': { for: owner, input: ofSession({ tab: '1' }) },
  'terminal.close': { for: owner, input: ofSession({ tab: '1', force: true }) },
  'preview.doors': { for: lookers, input: ofSession() },
  'preview.open': { for: lookers, input: ofSession({ url: 'http://nowhere' }) },
  'files.list': { for: owner, input: ofSession() },
  'files.read': { for: owner, input: ofSession({ path: 'web.yaml' }) },
  'files.write': { for: owner, input: ofSession({ path: 'web.yaml', text: '', version: null }) },
  'files.rename': { for: owner, input: ofSession({ path: 'web.yaml', to: 'other.yaml' }) },
  'files.remove': { for: owner, input: ofSession({ path: 'web.yaml' }) },
  'cluster.kubeconfig': { for: owner, input: ofSession() },
  'cluster.openApiIndex': { for: owner, input: ofSession() },
  'cluster.openApi': { for: owner, input: ofSession({ groupVersion: 'apis/apps/v1' }) },
  'picture.watch': { for: lookers, input: ofSession() },
  'picture.objects': { for: lookers, input: ofSession() },
  'picture.selected': { for: lookers, input: ofSession({ selector: 'app=web', namespace: 'default' }) },
  'picture.access': { for: lookers, input: ofSession({ question: { wish } }) },
  'picture.accessAt': { for: lookers, input: ofSession({ question: { wish }, revision: 1 }) },
  'picture.network': { for: lookers, input: ofSession() },
  'picture.trace': {
    for: owner,
    input: ofSession({ question: { from: { machine: 'node-1' }, to: 'web', protocol: 'tcp' } }),
  },
  'picture.networkAt': { for: lookers, input: ofSession({ revision: 1 }) },
  'picture.versions': { for: lookers, input: ofSession({ object: pod }) },
  'picture.history': { for: lookers, input: ofSession() },
  'picture.past': { for: lookers, input: ofSession({ revision: 1 }) },
  'picture.steer': { for: owner, input: ofSession({ order: { action: 'hold', loops: 'all' } }) },

  'news.watch': { for: people, input: nothing },
  'news.raiseHand': { for: people, input: () => ({ words: 'Help' }) },
  'news.lowerHand': { for: people, input: nothing },
  'news.read': { for: people, input: () => ({ noteId: 'none' }) },
  'news.answerKeyboard': { for: people, input: () => ({ allow: false }) },
  'news.takeKeyboardBack': { for: people, input: nothing },

  'teach.wall': { for: teachers, input: ofClass() },
  'teach.announce': { for: teachers, input: ofClass({ text: 'Ten more minutes.' }) },
  'teach.withdraw': { for: teachers, input: ofClass() },
  'teach.openLab': { for: teachers, input: ofClass({ labId: 'pods' }) },
  'teach.startAll': { for: teachers, input: ofClass() },
  'teach.switchMachine': { for: teachers, input: ofClass({ machine: 'sim-1', to: 'started' }) },
  'teach.pause': { for: teachers, input: ofClass() },
  'teach.release': { for: teachers, input: ofClass() },
  'teach.project': { for: teachers, input: ofLearner() },
  'teach.grades': { for: teachers, input: ofClass() },
  'teach.gradesAsCsv': { for: teachers, input: ofClass() },
  'teach.hint': { for: teachers, input: ofLearner({ text: 'Look at the labels.' }) },
  'teach.takeHand': { for: teachers, input: ofLearner() },
  'teach.lowerHand': { for: teachers, input: ofLearner() },
  'teach.askKeyboard': { for: teachers, input: ofLearner() },
  'teach.keyboard': { for: teachers, input: ofLearner() },
  'teach.giveBackKeyboard': { for: teachers, input: ofLearner() },
  'teach.resetLab': { for: teachers, input: ofLearner() },
  'teach.snapshots': { for: teachers, input: ofLearner() },
  'teach.takeSnapshot': { for: teachers, input: ofLearner() },
  'teach.putBack': { for: teachers, input: ofLearner({ slot: 0, keepNow: false }) },
}
