import { expect, it } from 'vitest'
import { fullName } from './added-images.ts'

it.each([
  ['shop', 'docker.io/library/shop:latest'],
  ['shop:1.0', 'docker.io/library/shop:1.0'],
  ['school/shop:1.0', 'docker.io/school/shop:1.0'],
  ['ghcr.io/school/shop', 'ghcr.io/school/shop:latest'],
  ['docker.io/library/shop:1.0', 'docker.io/library/shop:1.0'],
])('%s is what machines ask for as %s', (told, name) => {
  expect(fullName(told)).toBe(name)
})

it.each([
  ['registry.school.example/shop:1.0', 'machines know no registry registry.school.example'],
  ['localhost:5000/shop', 'give the image another name: --name shop:latest'],
  ['sha256:0a1b2c', 'is no name for an image'],
  ['Shop', 'is no name for an image'],
  ['school//shop', 'is no name for an image'],
])('%s: %s', (told, message) => {
  expect(() => fullName(told)).toThrow(message)
})
