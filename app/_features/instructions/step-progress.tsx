import style from './step-progress.module.css'

export function StepProgress({
  count,
  at,
  reached,
  done,
}: {
  count: number
  at: number
  reached: number
  done: boolean
}) {
  if (count === 0) return <div className={style.steps} />
  return (
    <ol className={style.steps} aria-label={`Step ${at} of ${count}`}>
      {Array.from({ length: count }, (_, index) => {
        const step = index + 1
        const isDone = done || step < reached
        return <li key={step} data-at={step === at || undefined} data-done={isDone || undefined} aria-hidden="true" />
      })}
    </ol>
  )
}
