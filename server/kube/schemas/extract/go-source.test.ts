import { describe, expect, it } from 'vitest'
import { readGoFile } from './go-source.ts'

const file = readGoFile(`
package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Colour of a thing.
// +enum
type Colour string

const (
	// Red as roses.
	Red Colour = "red"
	Blue Colour = "blue"
	Limit int32 = 5
)

type Amounts map[string]int64

// +genclient

// Thing is a thing.
// +structType=atomic
type Thing struct {
	metav1.TypeMeta \`json:",inline"\`
	// Name of it.
	// +optional
	// +default="x"
	Name *string \`json:"name,omitempty" protobuf:"bytes,2,opt,name=name"\` // trailing words

	Ports []intstr.IntOrString \`json:"ports" patchStrategy:"merge" patchMergeKey:"port"\`
}

type Nothing struct{}
`)

describe('readGoFile', () => {
  it('knows what each imported name stands for', () => {
    expect(file.package).toBe('v1')
    expect([...file.imports]).toEqual([
      ['metav1', 'k8s.io/apimachinery/pkg/apis/meta/v1'],
      ['intstr', 'k8s.io/apimachinery/pkg/util/intstr'],
    ])
  })

  it('reads fields with their types, tags and markers', () => {
    const [thing, nothing] = file.structs
    expect(thing?.fields).toEqual([
      { name: '', type: 'metav1.TypeMeta', tags: { json: ',inline' }, markers: [] },
      {
        name: 'Name',
        type: '*string',
        tags: { json: 'name,omitempty', protobuf: 'bytes,2,opt,name=name' },
        markers: ['optional', 'default="x"'],
      },
      {
        name: 'Ports',
        type: '[]intstr.IntOrString',
        tags: { json: 'ports', patchStrategy: 'merge', patchMergeKey: 'port' },
        markers: [],
      },
    ])
    expect(nothing).toEqual({ name: 'Nothing', fields: [], markers: [] })
  })

  it('counts the markers of a paragraph of their own to the type below', () => {
    expect(file.structs[0]?.markers).toEqual(['genclient', 'structType=atomic'])
  })

  it('reads named types and the constants of an enum', () => {
    expect(file.named).toEqual([
      { name: 'Colour', underlying: 'string', markers: ['enum'] },
      { name: 'Amounts', underlying: 'map[string]int64', markers: [] },
    ])
    expect(file.constants).toEqual([
      { name: 'Red', type: 'Colour', value: 'red' },
      { name: 'Blue', type: 'Colour', value: 'blue' },
      { name: 'Limit', type: 'int32', value: 5 },
    ])
  })

  it('refuses a field it cannot read', () => {
    expect(() => readGoFile('type A struct {\n\tB func() `json:"b"`\n}\n')).toThrow('cannot read the field')
  })
})
