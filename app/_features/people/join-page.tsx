'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { api, wordsOf } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { DoorPage } from './door-page.tsx'
import { accountOf, Field, Form, NewAccountFields } from './form.tsx'
import { NotLoaded } from './notices.tsx'
import style from './people.module.css'
import { useCall } from './use-call.ts'
import { useMe } from './use-me.ts'

/** Without a code yet: from the projector, by hand. */
export function EnterCodePage() {
  const router = useRouter()
  return (
    <DoorPage title="Join a class" lead="Type the code that your instructor shows.">
      <Form
        action="Go on"
        isRunning={false}
        problem=""
        onSend={({ code = '' }) => router.push(`/join/${encodeURIComponent(code)}`)}
      >
        <Field
          name="code"
          label="Join code"
          className={style.code}
          autoFocus
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          placeholder="KDFW-7MQX"
          maxLength={20}
        />
      </Form>
    </DoorPage>
  )
}

const toCourse = () => location.assign('/')

export function JoinPage({ code }: { code: string }) {
  const look = useQuery({ queryKey: ['join', code], queryFn: () => api.join.look.query({ code }) })
  const { me } = useMe()
  const [way, setWay] = useState<'guest' | 'account'>('guest')
  const found = look.data
  if (look.error) {
    return (
      <DoorPage title="Join a class">
        <NotLoaded what="This code does not work." why={wordsOf(look.error)} onAgain={() => void look.refetch()} />
        <p className={style.aside}>
          <Link href="/join">Type another code</Link>
        </p>
      </DoorPage>
    )
  }
  if (!found || !me) return <DoorPage title="Join a class" lead="Looking for your class …" />
  if (me.person) {
    return (
      <DoorPage title={found.className} lead={`You join as ${me.person.name}.`}>
        <JoinAsMe code={code} />
        {me.accounts && !me.person.isGuest && <SomebodyElse />}
      </DoorPage>
    )
  }
  const logIn = `/log-in?next=${encodeURIComponent(`/join/${code}`)}`
  const isGuest = found.guests && way === 'guest'
  return (
    <DoorPage
      title={found.className}
      lead={
        isGuest ? 'You join as a guest: a name is enough. This browser remembers you.' : 'You join with an account.'
      }
    >
      {isGuest ? <JoinAsGuest code={code} /> : <JoinWithAccount code={code} />}
      <div className={style.ways}>
        <p>
          Have an account? <Link href={logIn}>Log in</Link>
        </p>
        {found.guests && (
          <Button small look="quiet" onClick={() => setWay(isGuest ? 'account' : 'guest')}>
            {isGuest ? 'Make an account, to come back from anywhere' : 'Join as a guest instead'}
          </Button>
        )}
      </div>
    </DoorPage>
  )
}

/** On a shared machine: back to this very page, as nobody. */
function SomebodyElse() {
  const logOut = useCall(
    () => api.account.logOut.mutate(),
    () => location.reload(),
  )
  return (
    <p className={style.aside}>
      Somebody else?{' '}
      <Button small look="quiet" onClick={() => logOut.run(undefined)}>
        Log out first
      </Button>{' '}
      {logOut.problem}
    </p>
  )
}

function JoinAsMe({ code }: { code: string }) {
  const join = useCall((_: object) => api.join.join.mutate({ code }), toCourse)
  return (
    <Form action="Join the class" onSend={join.run} {...join}>
      {null}
    </Form>
  )
}

function JoinAsGuest({ code }: { code: string }) {
  const join = useCall(({ name = '' }: Record<string, string>) => api.join.asGuest.mutate({ code, name }), toCourse)
  return (
    <Form action="Join the class" onSend={join.run} {...join}>
      <Field name="name" label="Your name, as your instructor sees it" autoComplete="name" autoFocus />
    </Form>
  )
}

function JoinWithAccount({ code }: { code: string }) {
  const join = useCall(
    (values: Record<string, string>) => api.join.withNewAccount.mutate({ code, account: accountOf(values) }),
    toCourse,
  )
  return (
    <Form action="Make the account and join" onSend={join.run} {...join}>
      <NewAccountFields />
    </Form>
  )
}
