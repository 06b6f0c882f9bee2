'use client'

// Who is here, and what belongs to them: at the end of every page's bar.

import { Menu, UnstyledButton } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useState } from 'react'
import { api } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Dialog } from '../../_ui/dialog.tsx'
import style from './person-menu.module.css'
import { useCall } from './use-call.ts'
import { useMe } from './use-me.ts'

export function PersonMenu() {
  const { me } = useMe()
  const queries = useQueryClient()
  const [isLeaving, setLeaving] = useState(false)
  const logOut = useCall(
    () => api.account.logOut.mutate(),
    () => {
      queries.clear()
      location.assign('/log-in')
    },
  )
  const person = me?.person
  if (!me || !person) return <span className={style.badge} aria-hidden="true" data-empty />
  const taught = me.classes.filter(({ role, isArchived }) => role !== 'learner' && !isArchived)
  return (
    <Menu position="bottom-end" shadow="md" width={220} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <UnstyledButton
          className={style.target}
          aria-label={`${person.initials}, ${person.name}: your menu`}
          title={person.name}
        >
          <span className={style.badge} aria-hidden="true">
            {person.initials}
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <b className={style.name}>{person.name}</b>
          {person.isGuest ? 'guest' : person.isAdmin ? 'administrator' : (me.login ?? '')}
        </Menu.Label>
        {taught.slice(0, 5).map(({ id, name }) => (
          <Menu.Item key={id} component={Link} href={`/classes/${id}`}>
            {name}
          </Menu.Item>
        ))}
        {(taught.length > 0 || person.isAdmin) && (
          <Menu.Item component={Link} href="/classes">
            All classes
          </Menu.Item>
        )}
        {person.isAdmin && (
          <Menu.Item component={Link} href="/people">
            Accounts
          </Menu.Item>
        )}
        {me.accounts && (
          <>
            <Menu.Divider />
            <Menu.Item component={Link} href="/join">
              Join a class
            </Menu.Item>
            {!person.isGuest && (
              <Menu.Item component={Link} href="/account">
                Your account
              </Menu.Item>
            )}
            <Menu.Item onClick={() => (person.isGuest ? setLeaving(true) : logOut.run(undefined))}>
              {person.isGuest ? 'Leave…' : 'Log out'}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
      <Dialog title="Leave for good?" isOpen={isLeaving} onClose={() => setLeaving(false)}>
        <p className={style.question}>
          A guest has no password to come back with. What you have done in labs, and your cluster, are lost to you.
        </p>
        <div className={style.choice}>
          <Button data-autofocus onClick={() => setLeaving(false)}>
            Stay
          </Button>
          <Button look="stop" onClick={() => logOut.run(undefined)}>
            Leave
          </Button>
        </div>
      </Dialog>
    </Menu>
  )
}
