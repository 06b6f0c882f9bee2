'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { api, wordsOf } from '../../_api/api-client.ts'
import { Field, Form } from './form.tsx'
import { NotLoaded } from './notices.tsx'
import style from './people.module.css'
import { PeoplePage } from './people-page.tsx'
import { useCall } from './use-call.ts'
import { meKey, useMe } from './use-me.ts'

export function ClassesPage() {
  const router = useRouter()
  const { me } = useMe()
  const queries = useQueryClient()
  const classes = useQuery({ queryKey: ['classes'], queryFn: () => api.class.list.query() })
  const create = useCall(
    ({ name = '' }: Record<string, string>) => api.class.create.mutate({ name }),
    ({ classId }) => {
      for (const queryKey of [meKey, ['classes']]) void queries.invalidateQueries({ queryKey })
      router.push(`/classes/${classId}`)
    },
  )
  const mayCreate = me?.person?.isAdmin || classes.data?.some(({ role }) => role === 'instructor')
  return (
    <PeoplePage place="Classes" title="Classes" lead="People who learn together, and who teaches them.">
      {classes.error && (
        <NotLoaded
          what="The classes could not be loaded."
          why={wordsOf(classes.error)}
          onAgain={() => void classes.refetch()}
        />
      )}
      <section className={style.section} aria-label="All classes">
        {classes.data?.length === 0 && <p className={style.empty}>You are in no class yet.</p>}
        <ul className={style.rows}>
          {classes.data?.map(({ id, name, role, members, isArchived }) => {
            const isTaught = role !== 'learner'
            return (
              <li key={id}>
                {isTaught ? <Link href={`/classes/${id}`}>{name}</Link> : <b>{name}</b>}
                <span className="quiet">
                  {members === 1 ? '1 person' : `${members} people`}
                  {role && `, you are ${role === 'learner' ? 'a' : 'an'} ${role}`}
                  {isArchived && ', archived'}
                </span>
              </li>
            )
          })}
        </ul>
      </section>
      {mayCreate && (
        <section className={style.section}>
          <h2>A new class</h2>
          <div className={style.narrow}>
            <Form action="Make the class" onSend={create.run} {...create}>
              <Field name="name" label="Name of the class" placeholder="Autumn evening class" />
            </Form>
          </div>
        </section>
      )}
    </PeoplePage>
  )
}
