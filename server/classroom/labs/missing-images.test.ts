import { expect, it } from 'vitest'
import { missingImages } from './missing-images.ts'

it('says which lab waits for which image', () => {
  const cluster = { nodes: 2, containers: [], watches: [], images: ['shop:1.0', 'till:1.0'] }
  const machines = { hasImage: (name: string) => name === 'till:1.0' }
  expect(missingImages([{ title: 'A shop', cluster }], machines)).toEqual([
    'lab "A shop" needs the image shop:1.0, which machines do not have: npx podium images add',
  ])
})
