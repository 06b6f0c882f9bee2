'use client'

import Link from 'next/link'
import { useEffect } from 'react'
import { api } from '../../_api/api-client.ts'
import { DoorPage } from './door-page.tsx'
import { Form, LoginField, PasswordField } from './form.tsx'
import style from './people.module.css'
import { useCall } from './use-call.ts'
import { nextPage, useMe } from './use-me.ts'

export function LogInPage() {
  const { me } = useMe()
  // Whole pages, so that nothing of whoever was here before stays in memory.
  const goOn = () => location.assign(nextPage(location.search))
  const logIn = useCall(
    ({ login = '', password = '' }: Record<string, string>) => api.account.logIn.mutate({ login, password }),
    goOn,
  )
  const isIn = me?.person != null
  useEffect(() => {
    if (isIn) location.replace(nextPage(location.search))
  }, [isIn])
  return (
    <DoorPage title="Log in">
      <Form action="Log in" onSend={logIn.run} {...logIn}>
        <LoginField autoFocus />
        <PasswordField />
      </Form>
      <p className={style.aside}>
        No account? With a code from your instructor you can <Link href="/join">join a class</Link>. Who forgot their
        password asks whoever looks after Podium.
      </p>
    </DoorPage>
  )
}
