using Dpfah.Learning.Training;

namespace Dpfah.Cli;

/// <summary>What can go wrong in a training or a measurement, as sentences for the person at the terminal.</summary>
internal static class LearningErrors
{
    /// <summary>Runs the work; expected errors become a <see cref="CommandException"/>.</summary>
    public static T Tell<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException
            or InvalidOperationException or TrainingDivergedException)
        {
            throw new CommandException(TrainingArguments.Sentence(error), error);
        }
    }
}
