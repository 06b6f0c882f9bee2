'use client'

// What those who teach say, as a stream. Listening is also how the classroom knows that somebody is here.

import { useEffect, useState } from 'react'
import type { NewsView } from '../../../server/classroom/teaching/wall-view.ts'
import { api } from '../../_api/api-client.ts'

const retryMs = 3000

export function useNews(): NewsView | undefined {
  const [news, setNews] = useState<NewsView>()
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let subscription: { unsubscribe(): void } | undefined
    const open = () => {
      subscription = api.news.watch.subscribe(undefined, {
        onData: setNews,
        // The page has other streams that say when the classroom is gone; here silence is enough.
        onError: () => {
          timer = setTimeout(open, retryMs)
        },
      })
    }
    open()
    return () => {
      clearTimeout(timer)
      subscription?.unsubscribe()
    }
  }, [])
  return news
}
