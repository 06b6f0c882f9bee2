'use client'

import { NativeSelect } from '@mantine/core'
import { useState } from 'react'
import type { ClassPage } from '../../../../server/classroom/api/people-contract.ts'
import { api } from '../../../_api/api-client.ts'
import { Button } from '../../../_ui/button.tsx'
import { ConfirmButton } from '../confirm-button.tsx'
import { Form, LoginField } from '../form.tsx'
import style from '../people.module.css'

type Role = ClassPage['role']

interface Props {
  page: ClassPage
  mayChange: boolean
  change(call: () => Promise<ClassPage>): void
}

const roles: { value: Role; label: string }[] = [
  { value: 'learner', label: 'Learner' },
  { value: 'assistant', label: 'Assistant' },
  { value: 'instructor', label: 'Instructor' },
]
const asRole = (value: string | undefined): Role => roles.find((each) => each.value === value)?.value ?? 'learner'

export function MemberTable({ page, mayChange, change }: Props) {
  const { id: classId, members } = page
  const [isAdding, setAdding] = useState(false)
  const learners = members.filter(({ role }) => role === 'learner').length
  return (
    <section className={style.section} aria-labelledby="members-title">
      <header className={style.sectionHead}>
        <h2 id="members-title">Who is in</h2>
        <span className="quiet">{learners === 1 ? '1 learner' : `${learners} learners`}</span>
        {mayChange && !isAdding && (
          <Button small onClick={() => setAdding(true)}>
            Add an account…
          </Button>
        )}
      </header>
      {isAdding && (
        <div className={style.narrow}>
          <Form
            action="Add"
            isRunning={false}
            problem=""
            onSend={({ login = '', role }) => {
              setAdding(false)
              change(() => api.class.addMember.mutate({ classId, login, role: asRole(role) }))
            }}
          >
            <LoginField label="The account’s name" autoComplete="off" autoFocus />
            <NativeSelect name="role" label="As" data={roles} />
          </Form>
        </div>
      )}
      {learners === 0 && <p className={style.empty}>No learners yet. They appear here as they join.</p>}
      <table className={style.table}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Role</th>
            {mayChange && (
              <th scope="col">
                <span className="unseen">Remove</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {members.map(({ personId, name, login, isGuest, role }) => (
            <tr key={personId}>
              <th scope="row">
                {name}
                <span className="quiet">{isGuest ? 'guest' : login}</span>
              </th>
              <td>
                {mayChange && !isGuest ? (
                  <NativeSelect
                    size="xs"
                    aria-label={`Role of ${name}`}
                    data={roles}
                    value={role}
                    onChange={({ currentTarget: { value } }) =>
                      change(() => api.class.setRole.mutate({ classId, personId, role: asRole(value) }))
                    }
                  />
                ) : (
                  roles.find(({ value }) => value === role)?.label
                )}
              </td>
              {mayChange && (
                <td>
                  <ConfirmButton
                    action="Remove"
                    label={`Remove ${name}`}
                    onConfirm={() => change(() => api.class.removeMember.mutate({ classId, personId }))}
                  >
                    {isGuest
                      ? `${name} is logged out and cannot come back as this guest. Their cluster is given back.`
                      : `${name} is in this class no more. If it was their only one, their cluster is given back.`}
                  </ConfirmButton>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
