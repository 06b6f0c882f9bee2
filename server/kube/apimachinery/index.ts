// The door of this room for those outside wing 1.

export { controllerOf, type KubeList, type KubeObject, keyOf, type ObjectMeta, revisionOf } from './object-meta.ts'
export { isAlreadyExists, isConflict, isExpired, isNotFound, StatusError } from './status-error.ts'
