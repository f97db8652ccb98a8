import { Injectable } from '@nestjs/common';

/** The time that the service goes by; tests put their own in its place. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }
}
