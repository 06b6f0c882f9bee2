'use client'

// One class, for those who teach it: how to get in, who is in. Instructors decide, assistants look.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { useState } from 'react'
import { api, isMissing, wordsOf } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { JoinPanel } from './class/join-panel.tsx'
import { MemberTable } from './class/member-table.tsx'
import { RulesPanel } from './class/rules-panel.tsx'
import { ConfirmButton } from './confirm-button.tsx'
import { Field, Form } from './form.tsx'
import { Note, NotLoaded, Problem } from './notices.tsx'
import style from './people.module.css'
import { PeoplePage } from './people-page.tsx'
import { useCall } from './use-call.ts'
import { meKey } from './use-me.ts'

/** Who is in it changes while people join; nobody should have to reload for that. */
const LOOK_AGAIN_MS = 5000

export function ClassPage({ classId }: { classId: string }) {
  const queries = useQueryClient()
  const key = ['class', classId]
  const found = useQuery({
    queryKey: key,
    queryFn: () => api.class.page.query({ classId }),
    refetchInterval: LOOK_AGAIN_MS,
  })
  const page = found.data
  const [isRenaming, setRenaming] = useState(false)
  const change = useCall(
    (call: () => Promise<typeof page>) => call(),
    (next) => {
      queries.setQueryData(key, next)
      void queries.invalidateQueries({ queryKey: meKey })
      setRenaming(false)
    },
  )
  if (isMissing(found.error)) notFound()
  const mayChange = page?.role === 'instructor'
  const archive = (isArchived: boolean) => change.run(() => api.class.setArchived.mutate({ classId, isArchived }))
  return (
    <PeoplePage
      place="Class"
      title={page?.name ?? '—'}
      lead={page && seatsText(page.seats)}
      actions={
        <>
          {page && (
            <Link href={`/teach/${classId}`} className={style.headLink}>
              See the room
            </Link>
          )}
          {page && (
            <Link href={`/teach/${classId}/grades`} className={style.headLink}>
              Grades
            </Link>
          )}
          {mayChange && !isRenaming && (
            <Button small onClick={() => setRenaming(true)}>
              Rename
            </Button>
          )}
          {mayChange && page.isArchived && (
            <Button small onClick={() => archive(false)}>
              Open it again
            </Button>
          )}
          {mayChange && !page.isArchived && (
            <ConfirmButton action="Archive" onConfirm={() => archive(true)}>
              Nobody joins any more, guests are logged out, and the clusters of learners without another class are given
              back. What they did stays in the grade book.
            </ConfirmButton>
          )}
        </>
      }
    >
      {found.error && !page && (
        <NotLoaded
          what="This class could not be loaded."
          why={wordsOf(found.error)}
          onAgain={() => void found.refetch()}
        />
      )}
      {change.problem && <Problem>{change.problem}</Problem>}
      {isRenaming && (
        <div className={style.narrow}>
          <Form
            action="Rename it"
            isRunning={change.isRunning}
            problem=""
            onSend={({ name = '' }) => change.run(() => api.class.rename.mutate({ classId, name }))}
          >
            <Field name="name" label="Name of the class" defaultValue={page?.name} autoFocus />
          </Form>
          <Button small look="quiet" onClick={() => setRenaming(false)}>
            Cancel
          </Button>
        </div>
      )}
      {page?.isArchived && <Note>This class is archived: nobody joins it. Open it again to go on.</Note>}
      {page && (
        <div className={style.twoColumns}>
          <div>
            {!page.isArchived && <JoinPanel page={page} mayChange={mayChange} change={change.run} />}
            <RulesPanel page={page} mayChange={mayChange} change={change.run} />
          </div>
          <MemberTable page={page} mayChange={mayChange} change={change.run} />
        </div>
      )}
    </PeoplePage>
  )
}

function seatsText({ total, taken, waiting }: { total: number; taken: number; waiting: number }): string {
  const inLine = waiting === 0 ? '' : waiting === 1 ? ' One person waits in line.' : ` ${waiting} people wait in line.`
  return `This machine has ${total} ${total === 1 ? 'seat' : 'seats'}; ${taken === 0 ? 'none is' : taken === 1 ? 'one is' : `${taken} are`} taken.${inLine}`
}
