/** When it is more (16 MiB), it goes on empty, with what was in it under `.1`. */
export function keepLogSmall(path: string, mostBytes?: number): void
/** The same for one that nobody has open. */
export function beginLogAnew(path: string, mostBytes?: number): void
export function keepLogSmallHourly(path: string): void
