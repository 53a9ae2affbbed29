/**
 * Questions as people ask them, each with what it means: `question | assets | period | the rest`. It is Monday, 23 November
 * 2026, 15:30 in Berlin. A period is two local times; the year 2026 and a month that is November are left out; `day` is
 * the last 24 hours, because none was named, `all` is everything.
 */

/** The rules were made with these in view. */
export const SEEN_QUESTIONS = `
what happened to pump1 last night? | pump1 | 22 18:00 – 23 06:00
What happened to Feed pump 1 last night? | pump1 | 22 18:00 – 23 06:00
what happened last night | | 22 18:00 – 23 06:00
anything last night? | | 22 18:00 – 23 06:00
Was there anything wrong with the exhaust fan yesterday? | fan3 | 22 00:00 – 23 00:00
any problems yesterday | | 22 00:00 – 23 00:00
what went wrong today | | 23 00:00 – 23 15:30
what happened this morning | | 23 05:00 – 23 12:00
show me all incidents of fan3 this morning | fan3 | 23 05:00 – 23 12:00
did anything happen yesterday afternoon? | | 22 12:00 – 22 18:00
what happened yesterday evening at compressor K-201 | compressor-k201 | 22 18:00 – 23 00:00
yesterday morning on the gearbox | gearbox | 22 05:00 – 22 12:00
list alarms of the last 3 hours | | 23 12:30 – 23 15:30
alerts in the past hour | | 23 14:30 – 23 15:30
what happened in the last 24 hours? | | 22 15:30 – 23 15:30
anything in the last 30 minutes | | 23 15:00 – 23 15:30
last two days of pump1 | pump1 | 21 15:30 – 23 15:30
what has pump1 done in the past 7 days | pump1 | 16 15:30 – 23 15:30
what happened last week? | | 16 00:00 – 23 00:00
incidents this week | | 23 00:00 – 23 15:30
summary of last month | | 1 Oct 00:00 – 1 00:00
how many alarms did we have this month? | | 1 00:00 – 23 15:30
what happened since monday? | | 23 00:00 – 23 15:30
everything since friday | | 20 00:00 – 23 15:30
what happened since yesterday | | 22 00:00 – 23 15:30
since 9:30 | | 23 09:30 – 23 15:30
what happened since 6 am? | | 23 06:00 – 23 15:30
Anything since 22:00 yesterday? | | 22 22:00 – 23 15:30
what happened on 3 march? | | 3 Mar 00:00 – 4 Mar 00:00
what happened on March 3rd | | 3 Mar 00:00 – 4 Mar 00:00
incidents on the 3rd of March 2026 | | 3 Mar 00:00 – 4 Mar 00:00
pump1 on 2026-11-20 | pump1 | 20 00:00 – 21 00:00
what was on 20.11.? | | 20 00:00 – 21 00:00
what happened on friday? | | 20 00:00 – 21 00:00
what happened last friday night | | 20 18:00 – 21 06:00
on sunday morning, what happened to the fan? | fan3 | 22 05:00 – 22 12:00
what happened between 2 and 4 last night | | 23 02:00 – 23 04:00
what happened between 14:00 and 16:00 yesterday | | 22 14:00 – 22 16:00
between 2 pm and 4 pm yesterday | | 22 14:00 – 22 16:00
between 2 and 4 pm | | 23 14:00 – 23 15:30
yesterday between 8 and 10 in the morning | | 22 08:00 – 22 10:00
from 8:00 to 12:00 today | | 23 08:00 – 23 12:00
from monday to wednesday last week | | 16 00:00 – 19 00:00
between friday and sunday | | 20 00:00 – 23 00:00
what happened at 14:00? | | 23 13:30 – 23 14:30
what happened around 3 am last night | | 23 02:30 – 23 03:30
what did pump1 do at noon yesterday | pump1 | 22 11:30 – 22 12:30
two days ago | | 21 00:00 – 22 00:00
what happened 3 hours ago? | | 23 12:00 – 23 13:00
the day before yesterday | | 21 00:00 – 22 00:00
what happened over the weekend? | | 21 00:00 – 23 00:00
last weekend | | 21 00:00 – 23 00:00
what happened in october | | 1 Oct 00:00 – 1 00:00
before 6 this morning | | 23 00:00 – 23 06:00
after 10 pm yesterday | | 22 22:00 – 23 15:30
overnight | | 22 18:00 – 23 06:00
what happened during the last shift? | | 23 06:00 – 23 14:00
this shift | | 23 14:00 – 23 15:30
what is still open? | | all | open
is anything still open | | all | open
which incidents are open right now? | | all | open
open critical incidents | | all | open critical
is pump1 ok? | pump1 | all | open
how is the gearbox doing? | gearbox | all | open
is everything fine | | all | open
anything ongoing at pump 1 | pump1 | all | open
unresolved warnings | | all | open warning
what was resolved today? | | 23 00:00 – 23 15:30 | closed
critical alarms of last week | | 16 00:00 – 23 00:00 | critical
any critical incidents yesterday? | | 22 00:00 – 23 00:00 | critical
were there warnings on fan3 today | fan3 | 23 00:00 – 23 15:30 | warning
show notices from today | | 23 00:00 – 23 15:30 | notice
serious problems this week | | 23 00:00 – 23 15:30 | critical
sensor faults last week | | 16 00:00 – 23 00:00 | sensor
did any sensor of pump1 fail yesterday? | pump1 | 22 00:00 – 23 00:00 | sensor
broken sensors | | day | sensor
bearing problems of pump1 this month | pump1 | 1 00:00 – 23 15:30 | bearing
how are the bearings of pump1? | pump1 | day | bearing
machine faults yesterday | | 22 00:00 – 23 00:00 | machine
what data is missing since yesterday? | | 22 00:00 – 23 15:30 | gaps
any gaps last night | | 22 18:00 – 23 06:00 | gaps
did we lose samples today? | | 23 00:00 – 23 15:30 | gaps
lost reports this week | | 23 00:00 – 23 15:30 | gaps
when did pump1 last fail? | pump1 | all | latest
what was the last incident? | | all | latest
latest alarm of fan3 | fan3 | all | latest
most recent problem on the compressor | compressor-k201 | all | latest
when was the last time the gearbox had trouble | gearbox | all | latest
last critical alarm | | all | critical latest
vibration of pump1 last night | pump1 | 22 18:00 – 23 06:00 | channel:vibration
did the discharge pressure of pump1 deviate today? | pump1 | 23 00:00 – 23 15:30 | channel:pressure
what about the motor current yesterday | | 22 00:00 – 23 00:00 | channel:current
pump1 and fan3 yesterday | pump1 fan3 | 22 00:00 – 23 00:00
compare pump1 with the gearbox last week | pump1 gearbox | 16 00:00 – 23 00:00
status of pump1 | pump1 | all | open
what happened? | | day
tell me about pump1 | pump1 | day
pump1 | pump1 | day
PUMP1 YESTERDAY!!! | pump1 | 22 00:00 – 23 00:00
please give me a summary of today, thanks | | 23 00:00 – 23 15:30
has anything ever happened to fan3? | fan3 | all
all incidents of pump1 so far | pump1 | all
how often did pump1 alarm this week? | pump1 | 23 00:00 – 23 15:30
what woke me up at 3 o'clock? | | 23 02:30 – 23 03:30
why did pump1 stop yesterday? | pump1 | 22 00:00 – 23 00:00
what happened to the feed pump on tuesday evening | pump1 | 17 18:00 – 18 00:00
incidents in the last hour and a half | | 23 14:00 – 23 15:30
last couple of hours | | 23 13:30 – 23 15:30
`;

/** Written after the rules were made with the first ones; then the rules were made better with these in view. */
export const LATER_QUESTIONS = `
did the feed pump misbehave overnight? | pump1 | 22 18:00 – 23 06:00
Has the gearbox had any hiccups since Saturday? | gearbox | 21 00:00 – 23 15:30
yesterday's incidents | | 22 00:00 – 23 00:00
what's open | | all | open
give me the rundown for today | | 23 00:00 – 23 15:30
can you summarise the night shift? | | 22 18:00 – 23 06:00
what did I miss since friday evening | | 20 18:00 – 23 15:30
I was away for three days, what happened? | | 20 15:30 – 23 15:30
were any alarms raised between noon and 3 pm? | | 23 12:00 – 23 15:00
tell me everything about the compressor from last tuesday | compressor-k201 | 17 00:00 – 18 00:00
how was last night? | | 22 18:00 – 23 06:00
Is anything on fire? | | all | open
fan3 critical | fan3 | day | critical
pump1 vibration this week | pump1 | 23 00:00 – 23 15:30 | channel:vibration
which sensors failed in the last 2 weeks | | 9 15:30 – 23 15:30 | sensor
list every warning for the exhaust fan in November | fan3 | 1 00:00 – 23 15:30 | warning
anything on Nov 5? | | 5 00:00 – 6 00:00
what happened on the 5th? | | 5 00:00 – 6 00:00
events 12.11.2026 | | 12 00:00 – 13 00:00
how many times did the feed pump alarm yesterday | pump1 | 22 00:00 – 23 00:00
has pump1 been quiet this afternoon? | pump1 | 23 12:00 – 23 15:30
what's the matter with the gearbox? | gearbox | day
any trouble between 10pm and 4am? | | 22 22:00 – 23 04:00
from 22:00 to 06:00 | | 22 22:00 – 23 06:00
anything after midnight? | | 23 00:00 – 23 15:30
until 8 this morning | | 23 00:00 – 23 08:00
what was the most recent critical incident on pump1? | pump1 | all | critical latest
when did fan3 last raise an alarm | fan3 | all | latest
did we lose any data yesterday? | | 22 00:00 – 23 00:00 | gaps
is there missing data for pump1 | pump1 | day | gaps
any bearing damage in the past month? | | 24 Oct 16:30 – 23 15:30 | bearing
show open incidents on pump1 and the gearbox | pump1 gearbox | all | open
what incidents have been closed since this morning | | 23 05:00 – 23 15:30 | closed
what happened half an hour ago | | 23 14:30 – 23 15:30
what happened in the last quarter of an hour | | 23 15:15 – 23 15:30
status report for yesterday please | | 22 00:00 – 23 00:00
quick summary of the last 8 hours | | 23 07:30 – 23 15:30
past 24h pump1 | pump1 | 22 15:30 – 23 15:30
pump1 last 90 min | pump1 | 23 14:00 – 23 15:30
what happened a week ago? | | 16 00:00 – 17 00:00
three days ago in the evening | | 20 18:00 – 21 00:00
what happened on Sunday between 9 and 11 | | 22 09:00 – 22 11:00
sunday from 9 am until noon | | 22 09:00 – 22 12:00
which machines had problems last month? | | 1 Oct 00:00 – 1 00:00
worst incident this month | | 1 00:00 – 23 15:30
top problems of the year | | 1 Jan 00:00 – 23 15:30
incidents this year | | 1 Jan 00:00 – 23 15:30
is compressor-k201 healthy | compressor-k201 | all | open
what do you know about fan 3 | fan3 | day
history of the gearbox | gearbox | all
did the temperature of fan3 go up yesterday night? | fan3 | 22 18:00 – 23 06:00 | channel:temperature
anything odd with the discharge pressure since 1 November? | | 1 00:00 – 23 15:30 | channel:pressure
what happened while I slept | | 22 18:00 – 23 06:00
anything new? | | day
has anything come up since the shift started? | | 23 14:00 – 23 15:30
what went on around 2:30 yesterday afternoon | | 22 14:00 – 22 15:00
pump1 Saturday night | pump1 | 21 18:00 – 22 06:00
show me urgent stuff from the last two hours | | 23 13:30 – 23 15:30 | critical
were there false alarms by sensors yesterday | | 22 00:00 – 23 00:00 | sensor
last alarm before 6 am today | | 23 00:00 – 23 06:00 | latest
`;

/** Written last, and not used to improve the rules. */
export const UNSEEN_QUESTIONS = `
how did the fan do over the past week | fan3 | 16 15:30 – 23 15:30
did the compressor trip on Thursday? | compressor-k201 | 19 00:00 – 20 00:00
what broke on the gearbox yesterday | gearbox | 22 00:00 – 23 00:00
any news from pump1 since this morning? | pump1 | 23 05:00 – 23 15:30
report of the last shift please | | 23 06:00 – 23 14:00
which alarms came in between 1 am and 5 am? | | 23 01:00 – 23 05:00
was pump1 running fine on saturday? | pump1 | 21 00:00 – 22 00:00
are there any unresolved sensor faults? | | all | open sensor
number of critical alarms in october | | 1 Oct 00:00 – 1 00:00 | critical
what was wrong with feed pump 1 at 11:15? | pump1 | 23 10:45 – 23 11:45
list the warnings from the past 12 hours | | 23 03:30 – 23 15:30 | warning
tell me what occurred on wednesday afternoon | | 18 12:00 – 18 18:00
did anything break during the night? | | 22 18:00 – 23 06:00
what happened from friday to sunday | | 20 00:00 – 23 00:00
incidents since the 15th | | 15 00:00 – 23 15:30
incidents since 15 november on fan3 | fan3 | 15 00:00 – 23 15:30
show the latest notice | | all | notice latest
is the exhaust fan in trouble right now? | fan3 | all | open
how is everything? | | all | open
why was there an alarm at 4:45 this morning? | | 23 04:15 – 23 05:15
what happened with the bearings of the feed pump last week | pump1 | 16 00:00 – 23 00:00 | bearing
did we miss any samples last night | | 22 18:00 – 23 06:00 | gaps
when was the most recent warning on the gearbox? | gearbox | all | warning latest
discharge pressure alarms yesterday | | 22 00:00 – 23 00:00 | channel:pressure
give me all events of the last 45 minutes | | 23 14:45 – 23 15:30
everything that happened to k-201 this week | compressor-k201 | 23 00:00 – 23 15:30
pump 1, yesterday, critical only | pump1 | 22 00:00 – 23 00:00 | critical
what happened on 1 Nov between 10:00 and 12:00? | | 1 10:00 – 1 12:00
what happened the night before last? | | 21 18:00 – 22 06:00
anything unusual before noon | | 23 00:00 – 23 12:00
what did the sensors do on the 10th of november? | | 10 00:00 – 11 00:00 | sensor
have there been incidents on fan3 or the gearbox today? | fan3 gearbox | 23 00:00 – 23 15:30
was there a warning after 1 pm? | | 23 13:00 – 23 15:30 | warning
what is going on? | | all | open
who broke the pump? | pump1 | day
any incidents this month that are not closed | | 1 00:00 – 23 15:30 | open
last three incidents of pump1 | pump1 | all | latest
early this morning, anything? | | 23 05:00 – 23 12:00
what about last sunday | | 22 00:00 – 23 00:00
motor current of pump1, last 2 days | pump1 | 21 15:30 – 23 15:30 | channel:current
`;
