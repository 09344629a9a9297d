import { html } from './html.ts';

describe('html', () => {
  test('escapes what is put in, and only that', () => {
    const hostile = `<img src=x onerror="alert('1')">&`;
    expect(html`<p title="${hostile}">${hostile}</p>`.markup).toBe(
      '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;">&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</p>',
    );
  });
  test('nests, joins lists and leaves out what is absent', () => {
    expect(html`<ul>${['a', '<b>'].map((item) => html`<li>${item}</li>`)}</ul>${null}${false}${0}`.markup).toBe('<ul><li>a</li><li>&lt;b&gt;</li></ul>0');
  });
});
