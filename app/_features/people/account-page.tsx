'use client'

import { useState } from 'react'
import { api } from '../../_api/api-client.ts'
import { Shape } from '../../_ui/shape.tsx'
import { Form, NewPasswordField, PasswordField } from './form.tsx'
import { Note } from './notices.tsx'
import style from './people.module.css'
import { PeoplePage } from './people-page.tsx'
import { useCall } from './use-call.ts'
import { useMe } from './use-me.ts'

export function AccountPage() {
  const { me } = useMe()
  return (
    <PeoplePage
      place="Your account"
      title={me?.person?.name ?? '—'}
      lead={me?.login ? `You log in as ${me.login}.` : ''}
    >
      {me && !me.login && (
        <Note>
          <b>You have no password here.</b>{' '}
          {me.accounts
            ? 'You came as a guest; this browser remembers you.'
            : 'On this machine nobody logs in: whoever has the link is you.'}
        </Note>
      )}
      {me?.login && <ChangePassword />}
      {me && me.classes.length > 0 && (
        <section className={style.section}>
          <h2>Your classes</h2>
          <ul className={style.rows}>
            {me.classes.map(({ id, name, role, isArchived }) => (
              <li key={id}>
                <b>{name}</b>
                <span className="quiet">
                  {role ?? 'administrator'}
                  {isArchived && ', archived'}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </PeoplePage>
  )
}

function ChangePassword() {
  const [times, setTimes] = useState(0)
  const change = useCall(
    ({ current = '', next = '' }: Record<string, string>) => api.account.changePassword.mutate({ current, next }),
    () => setTimes((before) => before + 1),
  )
  return (
    <section className={style.section}>
      <h2>Change your password</h2>
      <p className={style.aside}>Your other browsers are logged out by it.</p>
      <div className={style.narrow}>
        <Form key={times} action="Change it" onSend={change.run} {...change}>
          <PasswordField name="current" label="Password now" />
          <NewPasswordField name="next" label="New password" />
        </Form>
        {times > 0 && !change.isRunning && !change.problem && (
          <p className={style.done} role="status">
            <Shape state="ok" /> Your password is changed.
          </p>
        )}
      </div>
    </section>
  )
}
