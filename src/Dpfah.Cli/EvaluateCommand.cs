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
        Option<FileInfo[]> codes = Pair("--codes", "Codes of the queries and of the database, .npy of shape (n, bits): signs, real codes, or zeros and ones.");
        Option<FileInfo[]> labels = Pair("--labels", "Labels of both, .npy: class numbers of shape (n), or zeros and ones of shape (n, classes).");
        Option<FileInfo[]> signatures = Pair("--signatures", "Longer codes of both that order equal distances, .npy like the codes.");
        var cuts = new Option<int[]>("--k")
        {
            Description = "Cuts of mAP@k.",
            HelpName = "K",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => DefaultCuts,
            CustomParser = ParseCuts,
        };
        var json = new Option<FileInfo>("--json") { Description = "File to write all metrics to, curves and single queries too.", HelpName = "FILE" };
        var command = new Command("evaluate", "Measures retrieval: mAP, precision, and what ties do to them.") { codes, labels, signatures, cuts, json };
        command.Validators.Add(result =>
        {
            if (result.GetResult(codes) is null || result.GetResult(labels) is null)
            {
                result.AddError("--codes and --labels are needed, each with the queries' file and the database's.");
            }
        });
        command.SetAction((parsed, cancellationToken) => Task.FromResult(CodesEvaluation.Run(
            new CodesEvaluation(
                parsed.GetRequiredValue(codes),
                parsed.GetRequiredValue(labels),
                parsed.GetValue(signatures),
                parsed.GetRequiredValue(cuts),
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
