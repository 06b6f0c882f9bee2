import type { Tile, WallView } from '../../../server/classroom/teaching/wall-view.ts'
import { Button } from '../../_ui/button.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { lasted } from './duration.ts'
import style from './room-aside.module.css'

/** The room in numbers: where it is, what it thought, who waits for help. */
export function RoomAside({ view, now, onGo }: { view: WallView; now: number; onGo(tile: Tile): void }) {
  return (
    <aside className={style.aside} aria-label="The room">
      {view.lab && <WhereTheRoomIs lab={view.lab} tiles={view.tiles} />}
      {view.prediction && <Prediction prediction={view.prediction} of={view.tiles.length} />}
      <HelpQueue tiles={view.tiles} now={now} onGo={onGo} />
    </aside>
  )
}

function WhereTheRoomIs({ lab, tiles }: { lab: NonNullable<WallView['lab']>; tiles: readonly Tile[] }) {
  const here = tiles.filter((tile) => tile.lab?.id === lab.id)
  const done = here.filter(({ state }) => state === 'done')
  return (
    <section>
      <h2>Where the room is</h2>
      <ol className={style.where}>
        {lab.steps.map((title, index) => {
          const at = here.filter((tile) => tile.state !== 'done' && tile.lab?.step === index + 1)
          return (
            <li key={title} title={title}>
              <span>Step {index + 1}</span>
              <span className={style.squares} aria-hidden="true">
                {at.map((tile) => (
                  <i key={tile.learnerId} data-state={tile.state} />
                ))}
              </span>
              <b>{at.length}</b>
            </li>
          )
        })}
        <li>
          <span>Done</span>
          <span className={style.squares} aria-hidden="true">
            {done.map((tile) => (
              <i key={tile.learnerId} data-state="done" />
            ))}
          </span>
          <b>{done.length}</b>
        </li>
      </ol>
    </section>
  )
}

function Prediction({ prediction, of }: { prediction: NonNullable<WallView['prediction']>; of: number }) {
  const { step, question, answered, options } = prediction
  return (
    <section>
      <h2>
        Prediction, step {step}
        <span>
          {answered} of {of}
        </span>
      </h2>
      <p className={style.ask}>{question}</p>
      <ol className={style.bars}>
        {options.map(({ text, count, correct }) => (
          <li key={text} data-correct={correct || undefined}>
            <span>
              {correct && <Shape state="ok" size={12} label="right" />} {text}
            </span>
            <b>{count}</b>
            <i>
              <u style={{ inlineSize: `${answered > 0 ? (count / answered) * 100 : 0}%` }} />
            </i>
          </li>
        ))}
      </ol>
    </section>
  )
}

function HelpQueue({ tiles, now, onGo }: { tiles: readonly Tile[]; now: number; onGo(tile: Tile): void }) {
  const queue = tiles
    .flatMap((tile) => (tile.hand ? [{ tile, hand: tile.hand }] : []))
    .sort((a, b) => a.hand.since - b.hand.since)
  return (
    <section>
      <h2>
        Help queue <span>{queue.length}</span>
      </h2>
      {queue.length === 0 && <p className="quiet">Nobody has raised a hand.</p>}
      <ol className={style.queue}>
        {queue.map(({ tile, hand }, index) => (
          <li key={tile.learnerId}>
            <span className="quiet">{index + 1}</span>
            <span>
              <b>{tile.name}</b> <span className="quiet">{lasted(hand.since, now)}</span>
              <span className={style.words}>{hand.words ? `“${hand.words}”` : 'no words'}</span>
            </span>
            {hand.takenBy ? (
              <span className="quiet">with {hand.takenBy}</span>
            ) : (
              <Button small onClick={() => onGo(tile)}>
                Go
              </Button>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}
