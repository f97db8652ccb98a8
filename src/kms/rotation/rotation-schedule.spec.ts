import { isRotationNear, nextRotation, NO_ROTATION, withPeriod } from './rotation-schedule.js';

const now = new Date('2027-01-01T00:00:00Z');
const at = (text: string) => new Date(text);

test('the first rotation is due one period after rotation was enabled', () => {
  expect(withPeriod(NO_ROTATION, 90, now)).toEqual({
    rotationPeriodDays: 90,
    nextRotationAt: at('2027-04-01T00:00:00Z'),
  });
});

test.each([
  [180, '2027-06-30T00:00:00Z'],
  [90, '2027-04-01T00:00:00Z'],
])('a new period of %i days is counted from the beginning of the current one', (days, next) => {
  const later = at('2027-03-01T00:00:00Z');
  expect(withPeriod(nextRotation(now, 90), days, later)).toEqual({
    rotationPeriodDays: days,
    nextRotationAt: at(next),
  });
});

test('a new period that is already over makes the rotation due', () => {
  const { nextRotationAt } = withPeriod(nextRotation(now, 365), 90, at('2027-06-01T00:00:00Z'));
  expect(nextRotationAt).toEqual(at('2027-04-01T00:00:00Z'));
});

test.each([
  ['2027-03-31T23:39:59.999Z', false],
  ['2027-03-31T23:40:00Z', true],
  ['2027-04-01T00:00:00Z', true],
  ['2027-05-01T00:00:00Z', true],
])('at %s, a rotation due on 1 April is near: %s', (time, isNear) => {
  expect(isRotationNear(nextRotation(now, 90), at(time))).toBe(isNear);
});

test('no rotation is near while automatic rotation is off', () => {
  expect(isRotationNear(NO_ROTATION, now)).toBe(false);
});
