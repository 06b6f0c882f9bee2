'use client'

// All accounts, for administrators.

import { Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AccountRow } from '../../../server/classroom/api/people-contract.ts'
import { api, wordsOf } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Dialog } from '../../_ui/dialog.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { accountOf, Form, NewAccountFields } from './form.tsx'
import { Note, NotLoaded, Problem } from './notices.tsx'
import style from './people.module.css'
import { PeoplePage } from './people-page.tsx'
import { useCall } from './use-call.ts'
import { useMe } from './use-me.ts'

export function AccountsPage() {
  const { me } = useMe()
  const accounts = useQuery({ queryKey: ['accounts'], queryFn: () => api.admin.accounts.query() })
  const [isMaking, setMaking] = useState(false)
  const [handOver, setHandOver] = useState<{ login: string; password: string }>()
  const reload = () => void accounts.refetch()
  const create = useCall(
    (values: Record<string, string>) => api.admin.createAccount.mutate(accountOf(values)),
    () => {
      setMaking(false)
      reload()
    },
  )
  const change = useCall((call: () => Promise<unknown>) => call(), reload)
  const reset = useCall(
    async ({ personId, login }: AccountRow) => ({ login, ...(await api.admin.resetPassword.mutate({ personId })) }),
    (given) => {
      setHandOver(given)
      reload()
    },
  )
  return (
    <PeoplePage
      place="Accounts"
      title="Accounts"
      lead="Everybody who can log in. Guests are in their class’s list."
      actions={
        !isMaking && (
          <Button small onClick={() => setMaking(true)}>
            New account…
          </Button>
        )
      }
    >
      {me && !me.accounts && (
        <Note>
          <b>Nobody logs in on this machine.</b> Accounts count as soon as others reach it: start with{' '}
          <code>npm start -- --host 0.0.0.0</code>
        </Note>
      )}
      {accounts.error && (
        <NotLoaded what="The accounts could not be loaded." why={wordsOf(accounts.error)} onAgain={reload} />
      )}
      {(change.problem || reset.problem) && <Problem>{change.problem || reset.problem}</Problem>}
      {isMaking && (
        <div className={style.narrow}>
          <Form action="Make the account" onSend={create.run} {...create}>
            <NewAccountFields whose="Their" />
          </Form>
          <Button small look="quiet" onClick={() => setMaking(false)}>
            Cancel
          </Button>
        </div>
      )}
      <Dialog title="A new password" isOpen={handOver !== undefined} onClose={() => setHandOver(undefined)}>
        <p className={style.question}>
          For <b>{handOver?.login}</b>, who should change it. It is shown only now.
        </p>
        <p className={style.bigCode}>{handOver?.password}</p>
      </Dialog>
      {accounts.data?.length === 0 && <p className={style.empty}>There are no accounts yet.</p>}
      {accounts.data && accounts.data.length > 0 && (
        <table className={style.table}>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Classes</th>
              <th scope="col">Last here</th>
              <th scope="col">
                <span className="unseen">Change</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {accounts.data.map((account) => (
              <tr key={account.personId} data-closed={account.isClosed || undefined}>
                <th scope="row">
                  {account.name}
                  <span className="quiet">
                    {account.login}
                    {account.isAdmin && ', administrator'}
                    {account.isClosed && ', closed'}
                  </span>
                </th>
                <td>{account.classes.map(({ name, role }) => `${name} (${role})`).join(', ') || '—'}</td>
                <td>
                  {account.seenAt === null ? (
                    '—'
                  ) : (
                    <time dateTime={new Date(account.seenAt).toISOString()}>{dayWords(new Date(account.seenAt))}</time>
                  )}
                </td>
                <td>
                  <AccountMenu account={account} change={change.run} reset={() => reset.run(account)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </PeoplePage>
  )
}

function AccountMenu(props: { account: AccountRow; change(call: () => Promise<unknown>): void; reset(): void }) {
  const { account, change, reset } = props
  const { personId, isAdmin, isClosed } = account
  return (
    <Menu position="bottom-end" shadow="md" width={230} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button small look="quiet" aria-label={`Change ${account.name}`}>
          Change
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => change(() => api.admin.setAdmin.mutate({ personId, isAdmin: !isAdmin }))}>
          {isAdmin ? 'No administrator any more' : 'Make an administrator'}
        </Menu.Item>
        <Menu.Item onClick={reset}>New password</Menu.Item>
        <Menu.Item onClick={() => change(() => api.admin.logOut.mutate({ personId }))}>Log out everywhere</Menu.Item>
        <Menu.Divider />
        <Menu.Item
          leftSection={<Shape state={isClosed ? 'ok' : 'fail'} size={12} />}
          onClick={() => change(() => api.admin.setClosed.mutate({ personId, isClosed: !isClosed }))}
        >
          {isClosed ? 'Open the account again' : 'Close the account'}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** The hour tells more than a date that is today's. */
function dayWords(day: Date): string {
  const isToday = day.toDateString() === new Date().toDateString()
  return isToday
    ? `today, ${day.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}`
    : day.toLocaleDateString()
}
