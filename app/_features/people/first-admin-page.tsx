'use client'

import { useEffect, useState } from 'react'
import { api } from '../../_api/api-client.ts'
import { DoorPage } from './door-page.tsx'
import { accountOf, Form, NewAccountFields } from './form.tsx'
import { Note } from './notices.tsx'
import { useCall } from './use-call.ts'

export function FirstAdminPage() {
  const [token, setToken] = useState<string>()
  // After the #, where neither servers nor proxies see it.
  useEffect(() => setToken(location.hash.slice(1)), [])
  const create = useCall(
    (values: Record<string, string>) =>
      api.account.createAdministrator.mutate({ token: token ?? '', account: accountOf(values) }),
    () => location.replace('/classes'),
  )
  return (
    <DoorPage
      title="The administrator’s account"
      lead="Administrators make classes and look after everybody’s accounts. They may teach and learn like anybody else."
    >
      {token === '' && (
        <Note>
          <b>This page needs its link.</b> Podium prints it when it starts for the first time. For another, run{' '}
          <code>npx podium token create</code> in its folder on the machine where it runs.
        </Note>
      )}
      {token && (
        <Form action="Make the account" onSend={create.run} {...create}>
          <NewAccountFields />
        </Form>
      )}
    </DoorPage>
  )
}
