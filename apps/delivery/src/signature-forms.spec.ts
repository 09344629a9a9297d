import { SignatureForms } from './signature-forms.ts';

test('draft-cavage-12 first, then what worked', () => {
  const forms = new SignatureForms();
  expect(forms.of('a.example')).toEqual(['cavage', 'rfc9421']);
  forms.worked('a.example', 'rfc9421');
  expect(forms.of('a.example')).toEqual(['rfc9421', 'cavage']);
  expect(forms.of('b.example')).toEqual(['cavage', 'rfc9421']);
  forms.worked('a.example', 'cavage');
  expect(forms.of('a.example')).toEqual(['cavage', 'rfc9421']);
});

test('who refuses both is asked once only', () => {
  const forms = new SignatureForms();
  forms.bothRefused('a.example');
  expect(forms.of('a.example')).toEqual(['cavage']);
  expect(forms.of('b.example')).toHaveLength(2);
});

test('the oldest are forgotten', () => {
  const forms = new SignatureForms();
  for (let i = 0; i <= 10_000; i += 1) forms.worked(`${i}.example`, 'rfc9421');
  expect(forms.of('0.example')[0]).toBe('cavage');
  expect(forms.of('1.example')[0]).toBe('rfc9421');
});
