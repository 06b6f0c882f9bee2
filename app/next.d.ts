// Next writes next-env.d.ts on its first build; a fresh clone type-checks before that, and needs to know *.module.css.
/// <reference types="next" />
