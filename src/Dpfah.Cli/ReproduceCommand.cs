using System.CommandLine;
using System.Globalization;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Reproduction;
using Dpfah.Learning.Training;

namespace Dpfah.Cli;

/// <summary><c>dpfah reproduce TARGET</c>: repeats a table or figure of the paper, or all of them, and writes a report.</summary>
internal static class ReproduceCommand
{
    private const string AllTargets = "all";
    private const string DefaultDataset = FashionMnist.Name;

    public static Command Create()
    {
        string[] names = [AllTargets, .. Target.All.Select(target => target.Name)];
        var target = new Argument<string>("TARGET")
        {
            Description = $"{AllTargets} for everything in one report.md, or one table or figure of the paper: " +
                $"{string.Join("; ", Target.All.Select(t => $"{t.Name} ({t.Title})"))}. All are made of the data set that --dataset names; in the paper " +
                $"{string.Join("; ", Target.All.Where(t => t.Dataset is not null and not Cifar10.Name).GroupBy(t => t.Dataset!).Select(g => $"{string.Join(", ", g.Select(t => t.Name))} of {DatasetCatalogue.Find(g.Key).Title}"))}, the others of {DatasetCatalogue.Find(Cifar10.Name).Title}.",
        };
        target.Validators.Add(result =>
        {
            string word = result.Tokens[0].Value;
            if (!names.Contains(word))
            {
                result.AddError($"There is no target '{word}'. Did you mean {Misspelling.Nearest(word, names)}? Targets are {string.Join(", ", names)}.");
            }
        });
        var output = new Option<string>("--output", "-o") { Description = "Folder of the reproduction: report, figures/, cells/ (default: reproduction/DATASET). Started again it goes on where it stopped; several processes may share it.", HelpName = "FOLDER" };
        var methods = new Option<string[]>("--methods") { Description = $"Methods, in place of all nine: {string.Join(", ", HashingMethod.All.Select(m => m.Name))}.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
        var bits = new Option<int[]>("--bits") { Description = "Code lengths, in place of 16 32 48 64.", HelpName = "N", AllowMultipleArgumentsPerToken = true };
        var reference = new Option<int>("--reference-bits") { Description = "Length with several seeds, ablation and sensitivities (default 48, or the longest given).", HelpName = "N" };
        var seeds = new Option<ulong[]>("--seeds") { Description = "Seeds at the reference length, in place of 1 2 3.", HelpName = "N", AllowMultipleArgumentsPerToken = true };
        var reportOnly = new Option<bool>("--report-only") { Description = "Train nothing: write the report of what is there. Missing cells stand as missing, and the command ends with 1." };
        var measureCosts = new Option<bool>("--measure-attention") { Description = "Time the attention anew for the claims of the whole report, although attention-cost.json is there." };
        var holdOut = new Option<int>("--hold-out") { Description = "Training pictures of each class held out for the validation curves (default 50).", HelpName = "N" };
        var alexNet = new Option<FileInfo>("--alexnet-weights") { Description = "Pretrained AlexNet for the ablation's baseline, safetensors with torchvision's names.", HelpName = "FILE" }.AcceptExistingOnly();
        var command = new Command("reproduce", "Repeats the paper's experiments: trains what is missing and writes a report.")
        {
            target, output, methods, bits, reference, seeds, holdOut, alexNet, reportOnly, measureCosts,
        };
        var dataset = new DatasetArguments(command, $"default {DefaultDataset}");
        var training = new TrainingArguments(command, choosesMethod: false);
        command.SetAction((parsed, cancellationToken) =>
        {
            string chosen = parsed.GetRequiredValue(target);
            string name = dataset.Name(parsed) ?? DefaultDataset;
            DatasetArguments.Entry(name);
            ReproductionOptions defaults = ReproductionOptions.For(name);
            int[] lengths = [.. Given(bits, [.. defaults.Bits]).Distinct()];
            var options = defaults with
            {
                Data = dataset.Folder(parsed),
                Split = dataset.Rule(parsed, name),
                Bits = lengths,
                ReferenceBits = Given(reference, lengths.Contains(defaults.ReferenceBits) ? defaults.ReferenceBits : lengths.Max()),
                Seeds = [.. Given(seeds, [.. defaults.Seeds]).Distinct()],
                Methods = [.. Given(methods, [.. defaults.Methods]).Select(Known).Distinct()],
                AlexNetWeights = parsed.GetValue(alexNet)?.FullName,
                HoldOut = Given(holdOut, defaults.HoldOut),
                Training = training.Read(parsed, defaults.Training),
            };
            if (options.Split is { QueriesPerClass: 0 })
            {
                throw new CommandException("--queries-per-class 0 leaves nothing to measure: give 1 or more.");
            }

            LearningErrors.Tell(() =>
            {
                foreach (int length in options.Bits.Append(options.ReferenceBits))
                {
                    (options.Training with { Bits = length }).ThrowIfInvalid();
                }

                return true;
            });
            string folder = parsed.GetValue(output) ?? Path.Combine("reproduction", name);
            return Task.Run(() => Run(chosen, folder, options, parsed.GetValue(reportOnly), parsed.GetValue(measureCosts), parsed.InvocationConfiguration, cancellationToken), cancellationToken);

            T Given<T>(Option<T> option, T other) => parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option)! : other;
        });
        return command;
    }

    private static int Run(
        string chosen, string folder, ReproductionOptions options, bool reportOnly, bool measureCosts, InvocationConfiguration console, CancellationToken cancellationToken) => LearningErrors.Tell(() =>
    {
        bool whole = chosen == AllTargets;
        IReadOnlyList<Target> targets = whole ? Target.OfReport : [Target.All.Single(target => target.Name == chosen)];
        var plan = new Plan(options);
        var reproducer = new Reproducer(folder, options, warning => console.Error.WriteLine($"dpfah: {warning}"));
        Cell[] cells = [.. (whole ? plan.All() : targets.SelectMany(target => target.Cells(plan))).DistinctBy(cell => cell.Name)];
        IReadOnlyList<(Cell Cell, string Reason)> undone = [];
        if (!reportOnly)
        {
            undone = TrainingDisplay.Run(console, wanted: true, display => reproducer.Work(cells, new Listener(display), cancellationToken));
        }

        var report = new Report(plan, reproducer, whole ? "report" : chosen);
        report.Write(targets, whole, measureCosts);
        foreach ((Cell cell, string reason) in undone)
        {
            console.Error.WriteLine($"dpfah: {cell.Name}: {reason}");
        }

        int done = cells.Count(cell => reproducer.Of(cell).IsDone);
        console.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} of {cells.Length} cells are there, {cells.Length - done} missing. Report: {report.FilePath}"));
        foreach ((string name, int count) in report.Counts)
        {
            console.Output.WriteLine($"{name}: {count}");
        }

        return done == cells.Length ? ExitCode.Success : ExitCode.Failure;
    });

    private static string Known(string method) => HashingMethod.All.Any(m => m.Name == method)
        ? method
        : throw new CommandException(
            $"There is no method '{method}'. Did you mean {Misspelling.Nearest(method, HashingMethod.All.Select(m => m.Name))}? " +
            $"Methods are {string.Join(", ", HashingMethod.All.Select(m => m.Name))}.");

    private sealed class Listener(TrainingDisplay display) : IReproductionListener
    {
        public void Started(Cell cell, int number, int count) => display.WriteLine($"cell {number}/{count}: {cell.Name}");

        public void EpochDone(EpochReport report) => display.EpochDone(report);

        public void Evaluated(Cell cell, EvaluationReport report) =>
            display.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cell.Name}: mAP {report.Retrieval.Ranking.Map:0.0000}, ties by signature {report.Retrieval.FineRanking!.Map:0.0000}"));

        public void Report(TrainingProgress value) => display.Report(value);

        public void Report((string Step, double Done) value) => display.Report(value);
    }
}
