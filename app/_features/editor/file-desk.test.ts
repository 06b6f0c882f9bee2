import { beforeEach, describe, expect, it } from 'vitest'
import { type FileApi, FileDesk } from './file-desk.ts'

/** A home that the test changes as a terminal does; a version is the text itself. */
class Home implements FileApi {
  files = new Map<string, string>()
  isGone = false
  async list() {
    return [...this.files].map(([path, text]) => ({ path, bytes: text.length }))
  }
  async read(path: string) {
    const text = this.files.get(path)
    if (this.isGone) throw new Error('other')
    if (text === undefined) throw new Error('missing')
    return { text, version: `of ${text}` }
  }
  async write(path: string, text: string, version: string | null) {
    if (this.isGone) throw new Error('other')
    const now = this.files.get(path)
    if (now === undefined && version !== null) throw new Error('missing')
    if (now !== undefined && version !== `of ${now}`) throw new Error('conflict')
    this.files.set(path, text)
    return { version: `of ${text}` }
  }
  async rename(path: string, to: string) {
    this.files.set(to, this.files.get(path)!)
    this.files.delete(path)
  }
  async remove(path: string) {
    this.files.delete(path)
  }
  kindOf(error: unknown) {
    return (error as Error).message as 'conflict' | 'missing' | 'other'
  }
  wordsOf() {
    return 'The classroom does not answer.'
  }
}

let home: Home
let desk: FileDesk
const open = () => desk.state.open

beforeEach(async () => {
  home = new Home()
  home.files.set('web.yaml', 'old')
  desk = new FileDesk(home)
  await desk.show('web.yaml')
})

describe('FileDesk', () => {
  it('saves what was typed, over the version that was read', async () => {
    desk.type('new')
    expect(desk.state.unsaved).toEqual(['web.yaml'])
    expect(await desk.save()).toBe(true)
    expect([home.files.get('web.yaml'), desk.state.unsaved]).toEqual(['new', []])
    desk.type('newer')
    expect(await desk.save()).toBe(true)
  })

  it('keeps what was typed while another file is shown', async () => {
    desk.type('mine')
    await desk.make('other.yaml')
    await desk.show('web.yaml')
    expect([open()?.text, desk.state.unsaved]).toEqual(['mine', ['web.yaml']])
  })

  it('gives the editor back what it kept of a file, also under another name', async () => {
    desk.keep('web.yaml', 'its history')
    await desk.make('other.yaml')
    await desk.show('web.yaml')
    expect(open()?.memory).toBe('its history')
    await desk.rename('web.yaml', 'app.yaml')
    await desk.show('app.yaml')
    expect(open()?.memory).toBe('its history')
    desk.keep('nowhere.yaml', 'of a file that is not open')
    expect(open()?.path).toBe('app.yaml')
  })

  it('does not save over what the terminal wrote, and lets one choose mine', async () => {
    desk.type('mine')
    home.files.set('web.yaml', 'theirs')
    expect(await desk.save()).toBe(false)
    expect([home.files.get('web.yaml'), open()?.theirs?.text]).toEqual(['theirs', 'theirs'])
    expect(await desk.keepMine()).toBe(true)
    expect([home.files.get('web.yaml'), open()?.theirs]).toEqual(['mine', undefined])
  })

  it('lets one choose theirs, and tells the editor to take it over', async () => {
    desk.type('mine')
    home.files.set('web.yaml', 'theirs')
    await desk.save()
    desk.takeTheirs()
    expect(open()).toMatchObject({ text: 'theirs', replaced: 1, saved: { text: 'theirs' } })
    expect(open()?.theirs).toBeUndefined()
  })

  it('asks again when it was changed once more before one chose', async () => {
    desk.type('mine')
    home.files.set('web.yaml', 'theirs')
    await desk.save()
    home.files.set('web.yaml', 'theirs again')
    expect(await desk.keepMine()).toBe(false)
    expect(open()?.theirs?.text).toBe('theirs again')
  })

  it('takes over a change of the terminal by itself when nothing is unsaved, and says so', async () => {
    home.files.set('web.yaml', 'theirs')
    await desk.check()
    expect(open()).toMatchObject({ text: 'theirs', replaced: 1 })
    expect(desk.state.note).toBe('web.yaml was changed in the terminal; this is how it is now.')
  })

  it('sees no conflict where both have written the same', async () => {
    desk.type('same')
    home.files.set('web.yaml', 'same')
    await desk.check()
    expect([open()?.theirs, desk.state.unsaved, desk.state.note]).toEqual([undefined, [], ''])
  })

  it('says that the terminal deleted it, and can write it again', async () => {
    home.files.delete('web.yaml')
    await desk.check()
    expect(open()?.theirs).toBeNull()
    expect(await desk.keepMine()).toBe(true)
    expect(home.files.get('web.yaml')).toBe('old')
  })

  it('makes the file of an instruction once, and then shows what one made of it', async () => {
    await desk.showOrMake('pod.yaml', 'given')
    desk.type('edited')
    await desk.save()
    await desk.showOrMake('pod.yaml', 'given')
    expect([open()?.path, open()?.text]).toEqual(['pod.yaml', 'edited'])
  })

  it('keeps what is typed while it is being saved', async () => {
    desk.type('one')
    const saving = desk.save()
    desk.type('two')
    await saving
    expect([open()?.text, open()?.saved.text, desk.state.unsaved]).toEqual(['two', 'one', ['web.yaml']])
  })

  it('takes what was typed along to the new name', async () => {
    desk.type('mine')
    await desk.rename('web.yaml', 'site.yaml')
    expect([open()?.path, open()?.text]).toEqual(['site.yaml', 'mine'])
  })

  it('goes back to the list when the file is deleted or cannot be opened', async () => {
    await desk.remove('web.yaml')
    expect(open()).toBeUndefined()
    await desk.show('web.yaml')
    expect([open(), desk.state.error]).toEqual([undefined, 'The classroom does not answer.'])
  })

  it('keeps what was typed when saving fails, and says why', async () => {
    desk.type('mine')
    home.isGone = true
    expect(await desk.save()).toBe(false)
    expect([open()?.text, desk.state.error, desk.state.isBusy]).toEqual([
      'mine',
      'The classroom does not answer.',
      false,
    ])
  })
})
