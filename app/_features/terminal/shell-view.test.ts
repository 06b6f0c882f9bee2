import { describe, expect, it } from 'vitest'
import { firstView, fitTo, focused, join, ownShells, type ShellView, show, split } from './shell-view.ts'

const view = (left: string, right: string | null = null, focus: 'left' | 'right' = 'left'): ShellView => ({
  left,
  right,
  focus,
})

describe('what one browser sees of the tabs', () => {
  it.each([
    ['all is there', view('1', '2', 'right'), ['1', '2'], view('1', '2', 'right')],
    ['the right one was closed', view('1', '2', 'right'), ['1', '3'], view('1')],
    ['the left one was closed', view('1', '2', 'right'), ['2', '3'], view('2')],
    ['the only one was closed', view('1'), ['2', '3'], view('3')],
    ['none is left', view('1'), [], view('')],
    ['both are the same', view('1', '1', 'right'), ['1'], view('1')],
  ])('is fitted to the tabs that are: %s', (_, before, names, after) => {
    expect(fitTo(before, names)).toEqual(after)
  })

  it('shows a tab in the focused place, or where it is already', () => {
    expect(show(firstView, '2')).toEqual(view('2'))
    expect(show(view('1', '2', 'right'), '3')).toEqual(view('1', '3', 'right'))
    expect(show(view('1', '2', 'right'), '1')).toEqual(view('1', '2', 'left'))
  })

  it('splits beside what is seen, and joins to what is focused', () => {
    expect(split(view('1'), '2')).toEqual(view('1', '2', 'right'))
    expect(join(view('1', '2', 'right'))).toEqual(view('2'))
    expect(focused(view('1', '2', 'left'))).toBe('1')
  })

  it('runs a command where one types, else in what one sees, and never on a machine', () => {
    const tabs = ['1', '2', 'node-1', '3'].map((name) => ({ name, isMachine: name.startsWith('node') }))
    expect(ownShells(view('2', '3', 'right'), tabs)).toEqual(['3', '2', '1'])
    expect(ownShells(view('node-1', '3', 'left'), tabs)).toEqual(['3', '1', '2'])
    expect(ownShells(view('node-1'), [{ name: 'node-1', isMachine: true }])).toEqual([])
  })
})
