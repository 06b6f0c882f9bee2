'use client'

import { Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { ClassPage } from '../../../../server/classroom/api/people-contract.ts'
import { api } from '../../../_api/api-client.ts'
import { Button } from '../../../_ui/button.tsx'
import { Dialog } from '../../../_ui/dialog.tsx'
import { Icon } from '../../../_ui/icon.tsx'
import { useCopy } from '../../../_ui/use-copy.ts'
import { ConfirmButton } from '../confirm-button.tsx'
import { Form } from '../form.tsx'
import { Note } from '../notices.tsx'
import style from '../people.module.css'
import { useMe } from '../use-me.ts'

interface Props {
  page: ClassPage
  mayChange: boolean
  change(call: () => Promise<ClassPage>): void
}

export const spoken = (code: string) => `${code.slice(0, 4)}-${code.slice(4)}`

/** How people get in: the code, its link, and both large enough for the last row. */
export function JoinPanel({ page, mayChange, change }: Props) {
  const { me } = useMe()
  const [isLarge, setLarge] = useState(false)
  const [isMaking, setMaking] = useState(false)
  const { joinCode, id: classId } = page
  const link = joinCode ? `${location.origin}/join/${joinCode.code}` : ''
  return (
    <section className={style.section} aria-labelledby="join-title">
      <h2 id="join-title">How to join</h2>
      {me && !me.accounts && (
        <Note>
          <b>Only this machine reaches this classroom.</b> For others to join, start it with{' '}
          <code>npm start -- --host 0.0.0.0</code>
        </Note>
      )}
      {joinCode ? (
        <>
          <p className={style.bigCode}>{spoken(joinCode.code)}</p>
          <p className={style.link}>{link}</p>
          <p className="quiet">{rulesText(joinCode)}</p>
          <div className={style.buttons}>
            <Button look="go" onClick={() => setLarge(true)}>
              <Icon name="full" /> Show it large
            </Button>
            <CopyButton text={link} />
          </div>
        </>
      ) : (
        <p className={style.empty}>
          Nobody can join now. {mayChange ? 'A code lets people in.' : 'An instructor makes a code.'}
        </p>
      )}
      {mayChange && !isMaking && (
        <div className={style.buttons}>
          <Button small look={joinCode ? 'plain' : 'go'} onClick={() => setMaking(true)}>
            {joinCode ? 'Another code…' : 'Make a code…'}
          </Button>
          {joinCode && (
            <ConfirmButton
              action="Close the door"
              onConfirm={() => change(() => api.class.closeCode.mutate({ classId }))}
            >
              The code and its link stop working. Whoever is in stays in.
            </ConfirmButton>
          )}
        </div>
      )}
      {isMaking && (
        <NewCode
          isAnother={joinCode !== null}
          onMade={(rules) => {
            setMaking(false)
            change(() => api.class.replaceCode.mutate({ classId, ...rules }))
          }}
        />
      )}
      {joinCode && (
        <Dialog title={page.name} isOpen={isLarge} onClose={() => setLarge(false)} fullScreen>
          <div className={style.projector}>
            <p>
              Go to <b>{location.host}/join</b> and type
            </p>
            <p className={style.hugeCode}>{spoken(joinCode.code)}</p>
            <p className="quiet">{rulesText(joinCode)}</p>
          </div>
        </Dialog>
      )}
    </section>
  )
}

function CopyButton({ text }: { text: string }) {
  const { copied, copy } = useCopy()
  return (
    <Button onClick={() => copy(text)}>
      <Icon name="copy" /> <span aria-live="polite">{copied ? 'Copied' : 'Copy the link'}</span>
    </Button>
  )
}

const hours = [
  { value: '2', label: 'two hours' },
  { value: '24', label: 'a day' },
  { value: '168', label: 'a week' },
  { value: '', label: 'as long as I leave it' },
]

interface Rules {
  seats: number | null
  guests: boolean
  validForHours: number | null
}

function NewCode({ isAnother, onMade }: { isAnother: boolean; onMade(rules: Rules): void }) {
  return (
    <div className={style.narrow}>
      <Form
        action="Make the code"
        isRunning={false}
        problem=""
        onSend={({ seats, guests, hours: chosen }) =>
          onMade({
            seats: seats ? Number(seats) : null,
            guests: guests === 'on',
            validForHours: chosen ? Number(chosen) : null,
          })
        }
      >
        {isAnother && <p className="quiet">The code before stops working.</p>}
        <TextInput
          name="seats"
          label="How many may join by it"
          description="Empty for any number."
          type="number"
          min={1}
          max={1000}
        />
        <NativeSelect name="hours" label="It works for" data={hours} />
        <Checkbox name="guests" defaultChecked iconColor="var(--paper)" label="Guests may join with a name only" />
      </Form>
    </div>
  )
}

function rulesText({ seatsLeft, guests, expiresAt }: NonNullable<ClassPage['joinCode']>): string {
  const seats = seatsLeft === null ? '' : `${seatsLeft} ${seatsLeft === 1 ? 'place' : 'places'} left. `
  const when = expiresAt
    ? `Works until ${new Date(expiresAt).toLocaleString(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' })}. `
    : ''
  return `${seats}${when}${guests ? 'A name is enough.' : 'Needs an account.'}`
}
