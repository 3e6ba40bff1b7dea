using Dpfah.Learning.Datasets;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Reproduction;

/// <summary>
/// Works through the cells of a plan in a folder, all on one split: <c>split/</c>, <c>cells/NAME/</c>. Broken off at any point it goes on
/// where it stopped; several processes may share a folder, each takes cells that no other has.
/// </summary>
public sealed class Reproducer
{
    private readonly ReproductionOptions options;
    private readonly DatasetEntry entry;
    private readonly Lazy<SplitManifest> manifest;

    /// <summary>Prepares the work; the data set is loaded when it is needed.</summary>
    /// <param name="folder">Folder of the reproduction.</param>
    /// <param name="options">The scale.</param>
    /// <param name="warn">Told what the loader of the data set tells, such as pictures left out, when it is loaded.</param>
    /// <exception cref="ArgumentException">There is no such data set.</exception>
    public Reproducer(string folder, ReproductionOptions options, Action<string>? warn = null)
    {
        Folder = folder;
        this.options = options;
        entry = DatasetCatalogue.Find(options.Dataset);
        manifest = new Lazy<SplitManifest>(() =>
        {
            SplitManifest opened = entry.OpenSplit(Path.Combine(folder, "split"), options.Data, options.Split);
            foreach (string warning in opened.Warnings)
            {
                warn?.Invoke(warning);
            }

            return opened;
        });
    }

    /// <summary>Folder of the reproduction.</summary>
    public string Folder { get; }

    /// <summary>Folder of the cells.</summary>
    public string CellsFolder => Path.Combine(Folder, "cells");

    /// <summary>The split of all cells.</summary>
    /// <exception cref="IOException">The data set is missing; the message says where to get it.</exception>
    /// <exception cref="InvalidDataException">The data set is damaged, or the folder holds another split.</exception>
    public SplitManifest Manifest => manifest.Value;

    /// <summary>What the loader of the data set told; nothing where it was not loaded.</summary>
    public IReadOnlyList<string> Warnings => manifest.IsValueCreated ? Manifest.Warnings : [];

    /// <summary>The folder of a cell.</summary>
    public CellFolder Of(Cell cell) => new(CellsFolder, cell);

    /// <summary>Does what is left to do of some cells, in their order.</summary>
    /// <param name="cells">The cells.</param>
    /// <param name="listener">Told how the work goes on.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <returns>The cells that could not be done, each with its reason.</returns>
    public IReadOnlyList<(Cell Cell, string Reason)> Work(IReadOnlyList<Cell> cells, IReproductionListener listener, CancellationToken cancellationToken)
    {
        var failures = new List<(Cell, string)>();
        var taken = new List<Cell>();
        foreach (Cell cell in cells)
        {
            if (!Work(cell))
            {
                taken.Add(cell);
            }
        }

        // Once more: a process may have ended before its cell was done.
        failures.AddRange(taken.Where(cell => !Work(cell)).Select(cell => (cell, "another process works on it")));
        return failures;

        bool Work(Cell cell)
        {
            cancellationToken.ThrowIfCancellationRequested();
            CellFolder folder = Of(cell);
            folder.ThrowIfOptionsDiffer();
            if (folder.IsDone)
            {
                return true;
            }

            using IDisposable? mine = folder.TryLock();
            if (mine is null || folder.IsDone)
            {
                return folder.IsDone; // by another process, perhaps a moment ago
            }

            listener.Started(cell, cells.Index().First(c => c.Item == cell).Index + 1, cells.Count);
            try
            {
                this.Work(folder, listener, cancellationToken);
            }
            catch (TrainingDivergedException error)
            {
                failures.Add((cell, error.Message));
            }

            return true;
        }
    }

    /// <summary>The pictures of an evaluation; each call is written down with its purpose.</summary>
    public EvaluationSplit OpenEvaluation(string purpose) => new(
        Manifest.OpenQueries(purpose), Manifest.OpenDatabase(), Manifest.OpenTraining().Pictures, Cuts(), Manifest.Digest, Manifest.Warnings);

    private int[] Cuts() => entry.Protocol.MapCut is int cut ? [1000, cut] : [1000, 5000];

    private void Work(CellFolder folder, IReproductionListener listener, CancellationToken cancellationToken)
    {
        var run = new RunFile
        {
            Dataset = options.Dataset,
            Data = options.Data,
            Split = options.Split,
            SplitFolder = "../../split",
            Fit = folder.Cell.Kind == CellKind.Unsupervised ? folder.Cell.Method : null,
            Training = folder.Cell.Options,
        };
        string digest = folder.Train(run, Manifest.OpenTraining(), listener.EpochDone, listener, cancellationToken);
        if (folder.Cell.Kind != CellKind.Validation)
        {
            listener.Evaluated(folder.Cell, folder.Evaluate(digest, OpenEvaluation($"evaluate {folder.Cell.Name}"), listener, cancellationToken));
        }
    }
}

/// <summary>Told how a reproduction goes on.</summary>
public interface IReproductionListener : IProgress<TrainingProgress>, IProgress<(string Step, double Done)>
{
    /// <summary>A cell is begun, or gone on with.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="number">Its number among those of this work, from 1.</param>
    /// <param name="count">How many there are.</param>
    void Started(Cell cell, int number, int count);

    /// <summary>An epoch of the current cell is done.</summary>
    void EpochDone(EpochReport report);

    /// <summary>A cell was measured.</summary>
    void Evaluated(Cell cell, EvaluationReport report);
}
