// What can go wrong in a classroom as far as people are concerned. api/ maps these codes to tRPC's in one table.

export type ClassroomErrorCode =
  | 'lab-unknown'
  | 'session-unknown'
  | 'question-unknown'
  | 'hint-unknown'
  | 'step-not-reached'
  | 'class-unknown'
  | 'member-unknown'
  | 'not-allowed'
  | 'login-wrong'
  | 'login-taken'
  | 'name-taken'
  | 'account-unknown'
  | 'link-used'
  | 'code-wrong'
  | 'class-full'
  | 'too-many-tries'
  | 'no-cluster'
  | 'no-terminal'
  | 'paused'
  | 'snapshot-unknown'
  | 'file-unknown'
  | 'file-exists'
  | 'file-changed'
  | 'file-refused'
  | 'door-closed'

export class ClassroomError extends Error {
  override readonly name = 'ClassroomError'
  readonly code: ClassroomErrorCode

  constructor(code: ClassroomErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
