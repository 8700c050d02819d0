using System.CommandLine;
using Pipeline.Perf;
using Pipeline.Perf.Scenarios;

var runs = new Option<int>("--runs") { Description = "Counted runs, after one that is not", DefaultValueFactory = _ => 5 };
var exposures = new Option<long>("--exposures") { Description = "Size of the log", DefaultValueFactory = _ => 2_000_000 };
var bootstrap = new Option<string>("--bootstrap") { Description = "A broker", Required = true };
var peers = new Option<string>("--peers") { Description = "Folder with the peers and their run scripts", Required = true };
var eventRate = new Option<double>("--event-rate") { Description = "Exposures per second of event time: with the window, how many are open at once; by default two millions", DefaultValueFactory = _ => 1_667 };
var longLog = new Option<long>("--exposures") { Description = "Size of the log: by default long enough that compilation does not decide", DefaultValueFactory = _ => 8_000_000 };
var rounds = new Option<int>("--rounds") { Description = "Rounds, each of every program once", DefaultValueFactory = _ => 3 };
var compare = new Command("compare", "This program and its peers in turn on the same broker and topics: a table of ratios.") { bootstrap, peers, longLog, eventRate, rounds };
compare.SetAction((parsed, _) => Compare.RunAsync(
    parsed.GetRequiredValue(bootstrap), parsed.GetRequiredValue(peers), parsed.GetValue(longLog), parsed.GetValue(eventRate), parsed.GetValue(rounds)));
var skewRate = new Option<double>("--event-rate") { Description = "Exposures per second of event time", DefaultValueFactory = _ => 10_000 };
var set = new Option<string[]>("--set") { Description = "Settings over the job's, for every run", DefaultValueFactory = _ => [] };
var skew = new Command("skew", "File → file with uniform keys, one key with half of all, and Zipf's law: salts off and auto in turn. The samples with salts are verified.") { longLog, skewRate, runs, set };
skew.SetAction((parsed, _) => Skew.RunAsync(parsed.GetValue(longLog), parsed.GetValue(skewRate), parsed.GetValue(runs), parsed.GetValue(set) ?? []));
var seconds = new Option<int>("--seconds") { Description = "How long the slow sink is watched", DefaultValueFactory = _ => 60 };

var tuning = new Tuning();
var file = new Command("file", "File → file: throughput, CPU and memory of the whole process; the samples are verified.") { runs, exposures };
tuning.AddTo(file);
file.SetAction((parsed, _) => FileToFile.RunAsync(parsed.GetValue(exposures), parsed.GetValue(runs), tuning.FlagsOf(parsed)));
var kafka = new Command("kafka", "Kafka → Kafka, the same.") { runs, exposures, bootstrap };
tuning.AddTo(kafka);
kafka.SetAction((parsed, _) => KafkaToKafka.RunAsync(parsed.GetRequiredValue(bootstrap), parsed.GetValue(exposures), parsed.GetValue(runs), tuning.FlagsOf(parsed)));
var records = new Option<long>("--records") { Description = "Records a run", DefaultValueFactory = _ => 1_000_000 };
var clients = new Command("kafka-clients", "What the Kafka clients alone cost a record, in batches and record by record.") { runs, records, bootstrap };
clients.SetAction((parsed, _) => KafkaClients.RunAsync(parsed.GetRequiredValue(bootstrap), parsed.GetValue(records), parsed.GetValue(runs)));
var slow = new Command("slow-sink", "A sink many times slower than the sources: memory stays flat, nothing is lost.") { seconds };
slow.SetAction((parsed, _) => SlowSink.RunAsync(TimeSpan.FromSeconds(parsed.GetValue(seconds))));
var kills = new Option<int>("--kills") { Description = "How often the program is killed", DefaultValueFactory = _ => 1000 };
var seed = new Option<int>("--seed") { Description = "Of logs and faults", DefaultValueFactory = _ => 1 };
var minutes = new Option<double>("--minutes") { Description = "Longest time; a week by default", DefaultValueFactory = _ => 7 * 24 * 60 };
var oneCore = new Option<bool>("--one-core") { Description = "The program has one core only" };
var stall = new Option<double>("--stall") { Description = "Seconds for which the broker is stopped now and then; 0: never" };
var chaos = new Command("chaos", "The program killed again and again: each sample of an uninterrupted run is there once. Starts a broker of its own.") { kills, seed, minutes, oneCore, stall };
chaos.SetAction((parsed, stop) => new Chaos
{
    Kills = parsed.GetValue(kills),
    Seed = parsed.GetValue(seed),
    Limit = TimeSpan.FromMinutes(parsed.GetValue(minutes)),
    OneCore = parsed.GetValue(oneCore),
    Stall = TimeSpan.FromSeconds(parsed.GetValue(stall)),
}.RunAsync(stop));

var windows = new Option<long>("--windows") { Description = "Open windows in the process", DefaultValueFactory = _ => 10_000_000 };
var lanes = new Option<int>("--lanes") { Description = "Lanes", DefaultValueFactory = _ => 4 };
var memory = new Option<long>("--memory-mib") { Description = "state.memory, MiB", DefaultValueFactory = _ => 1024 };
var snapshots = new Option<int>("--snapshots") { Description = "Snapshots", DefaultValueFactory = _ => 20 };
var rate = new Option<double>("--rate") { Description = "Records per second", DefaultValueFactory = _ => 50_000 };
var checkpoint = new Command("checkpoint", "Lanes with many open windows: what a snapshot costs them while events flow, and what a restore takes.")
{
    windows, lanes, memory, snapshots, rate,
};
checkpoint.SetAction((parsed, _) => Checkpoint.RunAsync(
    parsed.GetValue(windows), parsed.GetValue(lanes), parsed.GetValue(memory) << 20, parsed.GetValue(snapshots), parsed.GetValue(rate)));

var root = new RootCommand("Measures the pipeline as a whole and checks what it measured.") { file, kafka, clients, slow, checkpoint, chaos, compare, skew };
foreach (Command measure in Measures.Commands()) root.Add(measure);
return await root.Parse(args)
    // Time for a round that was told to stop to end its processes; no other command looks at the signal.
    .InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = args is ["chaos", ..] ? TimeSpan.FromMinutes(2) : TimeSpan.Zero });
