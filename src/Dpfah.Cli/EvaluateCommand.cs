using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Dpfah.Cli;

/// <summary><c>dpfah evaluate</c>: measures how well codes find what has the same labels.</summary>
internal static class EvaluateCommand
{
    private static readonly int[] DefaultCuts = [1000, 5000];

    public static Command Create()
    {
        var run = new Argument<DirectoryInfo?>("RUN")
        {
            Description = "Folder of a finished run of `dpfah train`: its model is measured on the queries of its split. Not beside --codes.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var previews = new Option<bool>("--previews") { Description = "Measure the run by way of previews too, as a service sees pictures." };
        Option<FileInfo[]> codes = Pair("--codes", "Codes of the queries and of the database, .npy of shape (n, bits): signs, real codes, or zeros and ones.");
        Option<FileInfo[]> labels = Pair("--labels", "Labels of both, .npy: class numbers of shape (n), or zeros and ones of shape (n, classes).");
        Option<FileInfo[]> signatures = Pair("--signatures", "Longer codes of both that order equal distances, .npy like the codes.");
        var cuts = new Option<int[]>("--k")
        {
            Description = $"Cuts of mAP@k, such as --k 100 1000 (default {string.Join(' ', DefaultCuts)}).",
            HelpName = "K",
            AllowMultipleArgumentsPerToken = true,
            CustomParser = ParseCuts,
        };
        var json = new Option<FileInfo>("--json") { Description = "File to write all metrics to, with curves (default for a run: its evaluation.json; for codes none).", HelpName = "FILE" };
        var command = new Command("evaluate", "Measures retrieval, of a run's model or of codes in files: mAP, precision, and what ties do to them.") { run, previews, codes, labels, signatures, cuts, json };
        run.Validators.Add(result => Misspelling.RefuseOptions(result, command));
        command.Validators.Add(result =>
        {
            bool ofFiles = result.GetResult(codes) is not null && result.GetResult(labels) is not null;
            bool anyFile = new Option[] { codes, labels, signatures }.Any(option => result.GetResult(option) is not null);
            bool ofRun = result.GetResult(run) is { Tokens.Count: > 0 };
            if (ofRun ? anyFile : !ofFiles)
            {
                result.AddError("Give the folder of a run, or --codes and --labels, each with the queries' file and the database's.");
            }
            else if (!ofRun && result.GetValue(previews))
            {
                result.AddError("--previews measures a run; codes in files have none.");
            }
        });
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(run) is { } folder
            ? Task.Run(() => RunEvaluation.Run(folder.ToString(), parsed.GetValue(previews), parsed.GetValue(cuts) is { Length: > 0 } given ? given : DefaultCuts, parsed.GetValue(json), parsed.InvocationConfiguration, cancellationToken), cancellationToken)
            : Task.FromResult(CodesEvaluation.Run(
            new CodesEvaluation(
                parsed.GetRequiredValue(codes),
                parsed.GetRequiredValue(labels),
                parsed.GetValue(signatures),
                parsed.GetValue(cuts) is { Length: > 0 } chosen ? chosen : DefaultCuts,
                parsed.GetValue(json)),
            parsed.InvocationConfiguration.Output,
            cancellationToken)));
        return command;
    }

    private static Option<FileInfo[]> Pair(string name, string description)
    {
        var option = new Option<FileInfo[]>(name)
        {
            Description = description,
            HelpName = "QUERIES.npy DATABASE.npy",
            Arity = new ArgumentArity(2, 2),
            AllowMultipleArgumentsPerToken = true,
        };
        return option.AcceptExistingOnly();
    }

    private static int[] ParseCuts(ArgumentResult result)
    {
        var cuts = new List<int>();
        foreach (Token token in result.Tokens)
        {
            if (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int cut) || cut < 1)
            {
                result.AddError("--k must be whole numbers from 1.");
                return [];
            }

            cuts.Add(cut);
        }

        return [.. cuts.Distinct()];
    }
}
