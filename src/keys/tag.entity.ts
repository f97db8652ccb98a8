import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A tag of a key; its key's account and Region are in the ARN. */
@Entity('tags')
export class Tag {
  @PrimaryColumn('text', { name: 'key_arn' })
  keyArn!: string;

  @PrimaryColumn('text')
  key!: string;

  @Column('text')
  value!: string;
}
