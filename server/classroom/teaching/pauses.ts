// Who was told to stop and listen: their loops are held and their keys reach no shell until it is taken back. Nobody is paused
// by themselves: it follows from which classes are paused and who learns in them, so that somebody in two of them goes on when
// neither is. Kept in memory only, like the holding itself: a classroom that was started again is not paused.

export interface Pause {
  /** Who asked for it, by name. */
  readonly by: string
}

interface PausedClass extends Pause {
  /** Without those who may go on already. */
  readonly learners: Set<string>
}

export class Pauses {
  readonly #onChange: () => void
  readonly #classes = new Map<string, PausedClass>()

  constructor(options: { onChange: () => void }) {
    this.#onChange = options.onChange
  }

  /** By the class that was paused first. */
  of(learnerId: string): Pause | undefined {
    for (const { by, learners } of this.#classes.values()) if (learners.has(learnerId)) return { by }
    return undefined
  }

  begin(classId: string, learners: readonly string[], by: string): void {
    this.#classes.set(classId, { by, learners: new Set(learners) })
    this.#onChange()
  }

  /** Whoever joins a paused class is paused too. */
  join(classId: string, learnerId: string): void {
    if (this.#classes.get(classId)?.learners.add(learnerId)) this.#onChange()
  }

  /** For everybody, also who has left the class meanwhile. */
  end(classId: string): void {
    this.#classes.delete(classId)
    this.#onChange()
  }

  /** Of that class; another one may hold them still. */
  endFor(classId: string, learnerId: string): void {
    if (this.#classes.get(classId)?.learners.delete(learnerId)) this.#onChange()
  }
}
