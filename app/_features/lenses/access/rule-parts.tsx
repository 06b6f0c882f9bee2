// The rule that said yes; or else the rules that came nearest, part by part, and what would be enough.

import { Shape } from '../../../_ui/shape.tsx'
import scope from '../scope/microscope.module.css'
import { Part } from '../scope/microscope-part.tsx'
import style from './access-scope.module.css'
import { bindingPlace, parts, partTitles, rolePlace, ruleName } from './access-words.ts'
import { CodeWords } from './code-words.tsx'
import { nearestRule } from './nearest-rule.ts'
import { smallestChange } from './smallest-change.ts'
import { subjectWord } from './subjects.ts'
import type { Access } from './use-access.ts'

export function TheRule({ access: { ruling } }: { access: Access }) {
  if (!ruling?.by) return null
  const { by } = ruling
  return (
    <Part title="The rule that said yes">
      <dl className={style.facts}>
        <dt>Given to</dt>
        <dd>
          <code>{subjectWord(by.subject)}</code>
        </dd>
        <dt>Binding</dt>
        <dd>
          <code>{by.binding.name}</code>, {bindingPlace(by)}
        </dd>
        <dt>Role</dt>
        <dd>
          <code>{by.role.name}</code>, {rolePlace(by)}
        </dd>
        <dt>Rule</dt>
        <dd>{by.rule + 1}</dd>
      </dl>
    </Part>
  )
}

/** Part by part, and the nearest one in words. */
export function Nearest({ access }: { access: Access }) {
  const { ruling, now, question } = access
  if (!ruling || ruling.allowed) return null
  const nearest = nearestRule(access)
  const asked = now?.wish ?? question?.wish
  if (!nearest || !asked) {
    return (
      <Part title="The nearest rules">
        <p className={scope.say}>None: no rule that reaches it is about anything like this.</p>
      </Part>
    )
  }
  const { miss: first, rule, words } = nearest
  const change = smallestChange(first, rule, asked.verb)
  return (
    <>
      <Part title="The nearest rules">
        <table className={style.near}>
          <thead>
            <tr>
              <td />
              {parts.map((part) => (
                <th key={part} scope="col">
                  {partTitles[part]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ruling.nearest.map((miss) => (
              <tr key={`${miss.binding.namespace}/${miss.binding.name}/${miss.rule}`}>
                <th scope="row">{ruleName(miss)}</th>
                {parts.map((part) => (
                  <td key={part}>
                    <Shape
                      state={miss.fits[part] ? 'ok' : 'fail'}
                      size={12}
                      label={miss.fits[part] ? 'fits' : 'does not fit'}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        <p className={scope.say}>Of {ruleName(first)}:</p>
        <ul>
          {words.map((one) => (
            <li key={one} className={scope.say}>
              <CodeWords>{one}</CodeWords>
            </li>
          ))}
        </ul>
      </Part>
      {change && (
        <Part title="The smallest change" aside="one verb, one place">
          <pre className={style.change}>
            {change.map(({ sign, text }) => (
              <span key={text} className={style.changeLine} data-sign={sign}>
                {`${sign || ' '} ${text}`}
              </span>
            ))}
          </pre>
        </Part>
      )}
    </>
  )
}
