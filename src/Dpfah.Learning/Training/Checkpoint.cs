using System.Globalization;
using Dpfah.Core.Models;
using Dpfah.Learning.Models;
using static TorchSharp.torch;

namespace Dpfah.Learning.Training;

/// <summary>
/// A training between two epochs as one file: weights, running statistics, optimizer and the state of the loss. (The random state is the
/// seed and the number of the epoch.) A file under its name is complete: it is written beside its place, forced to disk and renamed.
/// </summary>
public static class Checkpoint
{
    private const string EpochKey = "epoch";
    private const string OptionsKey = "options";
    private const string SplitKey = "split";

    /// <summary>Writes the state of a trainer; an older checkpoint is replaced when the new one is on disk.</summary>
    /// <exception cref="IOException">The disk is full, or cannot be written; the older checkpoint is as it was.</exception>
    public static void Write(string path, Trainer trainer, string splitDigest)
    {
        try
        {
            SafetensorsWriter.Write(path, trainer.State, new Dictionary<string, string>
            {
                [EpochKey] = trainer.EpochsDone.ToString(CultureInfo.InvariantCulture),
                [OptionsKey] = trainer.Options.ToJson(),
                [SplitKey] = splitDigest,
            });
        }
        catch (IOException error)
        {
            throw new IOException(
                $"The checkpoint after epoch {trainer.EpochsDone} cannot be written to '{path}': {error.Message} " +
                "The one before it is as it was: make room and resume.",
                error);
        }
    }

    /// <summary>Brings a new trainer to the state of a checkpoint.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, or of other options, another split or another architecture; the message says which. The trainer is then of no use.
    /// </exception>
    public static void Read(string path, Trainer trainer, string splitDigest)
    {
        SafetensorsFile file = Readable(path, () => SafetensorsFile.Open(path));
        if (!file.Metadata.TryGetValue(EpochKey, out string? epoch)
            || !file.Metadata.TryGetValue(OptionsKey, out string? options)
            || !file.Metadata.TryGetValue(SplitKey, out string? split)
            || !int.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out int epochsDone))
        {
            throw new InvalidDataException($"'{path}' is no checkpoint: its header has no epoch, options and split.");
        }

        if (OptionsOf(path, options).DifferencesTo(trainer.Options) is string differences)
        {
            throw new InvalidDataException($"'{path}' is of a training with other options: {differences}.");
        }

        if (split != splitDigest)
        {
            throw new InvalidDataException($"'{path}' was trained on the split {split}; this is {splitDigest}.");
        }

        using IDisposable noGrad = no_grad();
        _ = Readable(path, () =>
        {
            SafetensorsReader.ReadInto(path, trainer.State);
            return true;
        });
        trainer.EpochsDone = epochsDone;
    }

    private static T Readable<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException(
                $"The checkpoint '{path}' is damaged: {error.Message} Restore it, or remove it to train from the first epoch.", error);
        }
    }

    private static TrainingOptions OptionsOf(string path, string json)
    {
        try
        {
            return TrainingOptions.FromJson(json);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"'{path}' has options that this program does not know: {error.Message}", error);
        }
    }
}
