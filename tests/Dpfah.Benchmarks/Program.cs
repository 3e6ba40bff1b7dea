using Dpfah.Benchmarks;
using Spectre.Console;

var verbs = new Dictionary<string, (string Usage, Func<string[], int> Run)>
{
    ["build-sample"] = ("IDX-FOLDER PATH: write the bundled sample anew", BuildSample.Run),
};

if (args.Length > 0 && verbs.TryGetValue(args[0], out var verb))
{
    return verb.Run(args[1..]);
}

foreach ((string name, (string usage, _)) in verbs)
{
    AnsiConsole.MarkupLineInterpolated($"[bold]{name}[/] {usage}");
}

return 1;
