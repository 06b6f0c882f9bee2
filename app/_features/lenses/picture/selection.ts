// What is under the microscope: a client of the API server (a loop, the scheduler, a kubelet) or one event.

export type Selection = { client: string } | { seq: number } | null

export interface Selecting {
  selection: Selection
  select(selection: Selection): void
}
