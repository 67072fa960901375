import type { PropertyPlan } from './context.js';

const TEXT_AREA = { fieldType: 'textarea' };
const HTML = { fieldType: 'html' };

const calls: PropertyPlan = (kit) => [
  kit.datetime('hs_timestamp', 'Activity date', { empty: 0 }),
  kit.text('hs_call_title', 'Call Title', kit.pools.phrases),
  kit.text('hs_call_body', 'Call notes', kit.pools.paragraphs, HTML),
  kit.number('hs_call_duration', 'Call duration', 3_600_000),
  kit.choice('hs_call_direction', 'Call direction', ['INBOUND', 'OUTBOUND']),
  kit.choice('hs_call_status', 'Call status', ['COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED']),
  kit.phone('hs_call_to_number', 'To number'),
  kit.text('hs_call_recording_url', 'Recording URL', kit.pools.urls, { empty: 0.7 }),
];

const emails: PropertyPlan = (kit) => [
  kit.datetime('hs_timestamp', 'Activity date', { empty: 0 }),
  kit.text('hs_email_subject', 'Email subject', kit.pools.sentences),
  kit.text('hs_email_text', 'Text body', kit.pools.paragraphs, TEXT_AREA),
  kit.text('hs_email_html', 'Email body', kit.pools.paragraphs, HTML),
  kit.choice('hs_email_direction', 'Email direction', ['EMAIL', 'INCOMING_EMAIL', 'FORWARDED_EMAIL']),
  kit.choice('hs_email_status', 'Send status', ['SENT', 'SENDING', 'SCHEDULED', 'FAILED', 'BOUNCED']),
  kit.json('hs_email_headers', 'Email headers', { empty: 0.2 }),
  kit.number('hs_email_open_count', 'Opens', 20, 0, { calculated: true }),
];

const meetings: PropertyPlan = (kit) => [
  kit.datetime('hs_timestamp', 'Activity date', { empty: 0 }),
  kit.text('hs_meeting_title', 'Meeting name', kit.pools.phrases),
  kit.text('hs_meeting_body', 'Meeting description', kit.pools.paragraphs, HTML),
  kit.datetime('hs_meeting_start_time', 'Meeting start time', { aheadDays: 30 }),
  kit.datetime('hs_meeting_end_time', 'Meeting end time', { aheadDays: 30 }),
  kit.choice('hs_meeting_outcome', 'Meeting outcome', ['SCHEDULED', 'COMPLETED', 'RESCHEDULED', 'NO_SHOW', 'CANCELED']),
  kit.text('hs_meeting_location', 'Meeting location', kit.pools.streets, { empty: 0.5 }),
];

const notes: PropertyPlan = (kit) => [
  kit.datetime('hs_timestamp', 'Activity date', { empty: 0 }),
  kit.text('hs_note_body', 'Note body', kit.pools.paragraphs, HTML),
  kit.text('hs_attachment_ids', 'Attached file IDs', ['101;102', '103'], { empty: 0.8 }),
];

const tasks: PropertyPlan = (kit) => [
  kit.datetime('hs_timestamp', 'Due date', { aheadDays: 60, empty: 0 }),
  kit.text('hs_task_subject', 'Task Title', kit.pools.phrases, { empty: 0 }),
  kit.text('hs_task_body', 'Task Notes', kit.pools.paragraphs, HTML),
  kit.choice('hs_task_status', 'Task Status', ['NOT_STARTED', 'IN_PROGRESS', 'WAITING', 'COMPLETED', 'DEFERRED']),
  kit.choice('hs_task_priority', 'Priority', ['NONE', 'LOW', 'MEDIUM', 'HIGH']),
  kit.choice('hs_task_type', 'Task Type', ['TODO', 'CALL', 'EMAIL']),
];

const communications: PropertyPlan = (kit) => [
  kit.datetime('hs_timestamp', 'Activity date', { empty: 0 }),
  kit.choice('hs_communication_channel_type', 'Channel type', ['SMS', 'WHATS_APP', 'LINKEDIN_MESSAGE']),
  kit.choice('hs_communication_logged_from', 'Logged from', ['CRM'], { empty: 0 }),
  kit.text('hs_communication_body', 'Body', kit.pools.sentences, HTML),
];

const postalMail: PropertyPlan = (kit) => [
  kit.datetime('hs_timestamp', 'Activity date', { empty: 0 }),
  kit.text('hs_postal_mail_body', 'Body', kit.pools.sentences, HTML),
];

const feedbackSubmissions: PropertyPlan = (kit) => [
  kit.text('hs_content', 'Response text', kit.pools.sentences, TEXT_AREA),
  kit.choice('hs_survey_type', 'Survey type', ['NPS', 'CSAT', 'CES', 'CUSTOM'], { empty: 0 }),
  kit.number('hs_response_group_value', 'Rating', 11),
  kit.datetime('hs_submission_timestamp', 'Submission date', { empty: 0 }),
];

const goals: PropertyPlan = (kit) => [
  kit.text('hs_goal_name', 'Goal name', kit.pools.phrases, { empty: 0 }),
  kit.number('hs_target_amount', 'Target amount', 500_000, 2),
  kit.datetime('hs_start_datetime', 'Start date'),
  kit.datetime('hs_end_datetime', 'End date', { aheadDays: 200 }),
];

const users: PropertyPlan = (kit, context) => [
  kit.text('hs_given_name', 'First name', kit.pools.firstNames, { empty: 0 }),
  kit.text('hs_family_name', 'Last name', kit.pools.lastNames, { empty: 0 }),
  kit.text('hs_job_title', 'Job title', kit.pools.jobTitles),
  kit.choice('hs_internal_user_id', 'User ID', context.userIds, { options: [], empty: 0 }),
  kit.text('hs_standard_time_zone', 'Time zone', ['America/New_York', 'Europe/Berlin', 'Asia/Tokyo']),
  kit.json('hs_working_hours', 'Working hours', { empty: 0.3 }),
];

const appointments: PropertyPlan = (kit) => [
  kit.text('hs_appointment_name', 'Appointment name', kit.pools.phrases, { empty: 0 }),
  kit.datetime('hs_appointment_start', 'Appointment start', { aheadDays: 30 }),
  kit.choice('hs_appointment_status', 'Status', ['SCHEDULED', 'COMPLETED', 'CANCELED']),
];

const courses: PropertyPlan = (kit) => [
  kit.text('hs_course_name', 'Course name', kit.pools.phrases, { empty: 0 }),
  kit.text('hs_course_description', 'Description', kit.pools.sentences, TEXT_AREA),
  kit.number('hs_enrollment_capacity', 'Enrollment capacity', 200),
  kit.date('hs_course_start_date', 'Start date', { aheadDays: 90 }),
];

const listings: PropertyPlan = (kit) => [
  kit.text('hs_name', 'Name', kit.pools.streets, { empty: 0 }),
  kit.number('hs_price', 'Price', 2_000_000, 2),
  kit.number('hs_bedrooms', 'Bedrooms', 8),
  kit.coordinates('hs_coordinates', 'Coordinates'),
];

const services: PropertyPlan = (kit) => [
  kit.text('hs_name', 'Name', kit.pools.phrases, { empty: 0 }),
  kit.date('hs_start_date', 'Start date'),
  kit.date('hs_target_end_date', 'Target end date', { aheadDays: 200 }),
  kit.number('hs_amount_paid', 'Amount paid', 40_000, 2),
];

/** Engagements and the objects of the object library, by the name of the object type. */
export const ACTIVITY_PROPERTIES: Readonly<Record<string, PropertyPlan>> = {
  calls,
  emails,
  meetings,
  notes,
  tasks,
  communications,
  postal_mail: postalMail,
  feedback_submissions: feedbackSubmissions,
  goals,
  users,
  appointments,
  courses,
  listings,
  services,
};
