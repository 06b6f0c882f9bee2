'use client'

import { Checkbox } from '@mantine/core'
import type { ClassPage } from '../../../../server/classroom/api/people-contract.ts'
import { api } from '../../../_api/api-client.ts'
import style from '../people.module.css'

interface Props {
  page: ClassPage
  mayChange: boolean
  change(call: () => Promise<ClassPage>): void
}

/** What learners of the class may. */
export function RulesPanel({ page, mayChange, change }: Props) {
  return (
    <section className={style.section} aria-labelledby="rules-title">
      <h2 id="rules-title">What learners may</h2>
      <Checkbox
        checked={page.previews}
        disabled={!mayChange}
        iconColor="var(--paper)"
        label="See in their browser what their cluster serves"
        onChange={(event) => {
          const previews = event.currentTarget.checked
          change(() => api.class.setPreviews.mutate({ classId: page.id, previews }))
        }}
      />
    </section>
  )
}
