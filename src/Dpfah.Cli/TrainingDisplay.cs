using System.CommandLine;
using System.Globalization;
using Dpfah.Learning.Training;
using Spectre.Console;

namespace Dpfah.Cli;

/// <summary>A training on the terminal: a line for each epoch, and below them a bar with the loss and its parts, the speed and the time left.</summary>
internal sealed class TrainingDisplay : IProgress<TrainingProgress>, IProgress<(string Step, double Done)>
{
    private readonly Action<string> writeLine;
    private readonly ProgressTask? bar;

    private TrainingDisplay(Action<string> writeLine, ProgressTask? bar)
    {
        this.writeLine = writeLine;
        this.bar = bar;
    }

    /// <summary>Runs a training; the bar is drawn where it is wanted and the error stream is a terminal.</summary>
    public static T Run<T>(InvocationConfiguration console, bool wanted, Func<TrainingDisplay, T> work)
    {
        if (!wanted || !TerminalProgress.IsTerminal(console.Error))
        {
            return work(new TrainingDisplay(console.Error.WriteLine, null));
        }

        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(console.Error) });
        return terminal.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn { Width = 20 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => work(new TrainingDisplay(terminal.WriteLine, context.AddTask("starting", maxValue: 1))));
    }

    /// <summary>Writes a line above the bar.</summary>
    public void WriteLine(string line) => writeLine(line);

    /// <summary>Writes the line of an epoch.</summary>
    public void EpochDone(EpochReport report)
    {
        string validation = report.Validation is null
            ? ""
            : $"  held out: {string.Join(", ", report.Validation.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Key} {v.Value:0.0000}")))}";
        writeLine(string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {report.Epoch,3}/{report.Epochs}  {Terms(report.Loss, report.Parts)}  {report.PicturesPerSecond:0} pictures/s{validation}"));
    }

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        if (bar is null)
        {
            return;
        }

        bar.Value = (value.Epoch - 1 + ((double)value.PicturesDone / value.Pictures)) / value.Epochs;
        bar.Description = Markup.Escape(string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {value.Epoch}/{value.Epochs}, {Terms(value.Loss, value.Parts)}, {value.PicturesPerSecond:0} pictures/s, {Left(value.TimeLeft)} left"));
    }

    /// <inheritdoc/>
    public void Report((string Step, double Done) value)
    {
        if (bar is not null)
        {
            bar.Value = value.Done;
            bar.Description = Markup.Escape(value.Step);
        }
    }

    private static string Terms(double loss, IReadOnlyDictionary<string, double> parts) => string.Create(
        CultureInfo.InvariantCulture,
        $"loss {loss:0.0000} ({string.Join(", ", parts.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key} {p.Value:0.0000}")))})");

    private static string Left(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes:00} min"
        : time.TotalMinutes >= 1 ? $"{time.Minutes} min" : $"{time.Seconds} s";
}
