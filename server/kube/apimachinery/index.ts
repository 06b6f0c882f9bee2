// The door of this room for those outside wing 1.

export { isNotFound } from './status-error.ts'
