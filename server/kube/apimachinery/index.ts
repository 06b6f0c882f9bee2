// The door of this room for those outside wing 1.

export {
  formatSelector,
  parseSelector,
  type Selector,
  selectorOfMap,
  selectorOfObject,
} from './label-selector.ts'
export { type KubeObject, revisionOf } from './object-meta.ts'
export { isNotFound, StatusError } from './status-error.ts'
