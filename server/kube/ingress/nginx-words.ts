/** Whatever somebody writes as a path or a value stays that. */
export const quote = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`

/** Exactly this text; nginx's maps compare texts without regard to case, and patterns with. */
export const exactly = (text: string) => quote(`~^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`)
