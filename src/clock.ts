import { Injectable } from '@nestjs/common';

/** The service's clock, which tests replace. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }
}
