using System.Globalization;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Reproduction;

/// <summary>The head of a whole report: what was run, on what, and how far it is.</summary>
internal static class Introduction
{
    public static void Write(Report report)
    {
        ReproductionOptions options = report.Plan.Options;
        TrainingOptions training = options.Training;
        SplitManifest manifest = report.Reproducer.Manifest;
        IReadOnlyList<Cell> cells = report.Plan.All();
        PictureOverlap.WriteDigests(Path.Combine(manifest.Folder, "train-pixels.txt"), manifest.OpenTraining().Pictures);
        int done = cells.Count(cell => report.Reproducer.Of(cell).IsDone);
        report.Title($"The paper's experiments on {options.Dataset}");
        report.Paragraph(
            "Yang, Wang, Cheng, \"Deep parameter-free attention hashing for image retrieval\", Sci Rep 12:7082 (2022), repeated by " +
            $"`dpfah reproduce all --dataset {options.Dataset}`: {done} of {cells.Count} cells are there; a cell that is not stands as *missing*.");
        string augmentation = training.Augmentation == Augmentation.None ? "none" : "random crop and mirror";
        var table = new MarkdownTable("condition", "");
        table.Add("split", $"{manifest.Counts}; {manifest.Protocol}; seed {manifest.Seed}; digest {manifest.Digest[..16]}");
        table.Add("network", $"ResNet18 from ImageNet weights, all layers trained, input {training.ImageSide} x {training.ImageSide} pixels, augmentation: {augmentation}");
        table.Add("optimizer", string.Create(CultureInfo.InvariantCulture, $"RMSProp, rate {training.LearningRate}{(training.LearningRateStep == 0 ? "" : $" and a tenth of it after each {training.LearningRateStep} epochs")}, weight decay {training.WeightDecay}, batch {training.BatchSize}, {training.Epochs} epochs, the last one counts"));
        table.Add("methods", "each with the defaults of its published implementation; schedules in epochs are scaled to this number of epochs");
        table.Add("codes", $"float32, the same arithmetic as in a service on that device; the cells' device: {Devices(report, cells)}");
        table.Add("training pictures", "SHA-256 of the pixels of each in split/train-pixels.txt, so that anyone can check what is not among them");
        table.Add("choices", $"made on {options.HoldOut} pictures of each class held out of the training split; the trainer cannot open the queries{(options.Dataset == FashionMnistMulti.Name ? "; pictures held out may show garments that trained ones show too" : "")}");
        table.Add("query split opened", $"{manifest.QueryReads} times, each with its purpose in split/{SplitManifest.QueryLogFile}");
        if (manifest.Warnings.Count > 0)
        {
            table.Add("of the data set", string.Join(" ", manifest.Warnings));
        }

        report.Table("conditions", table);
    }

    private static string Devices(Report report, IReadOnlyList<Cell> cells)
    {
        string[] devices =
        [
            .. cells.Select(cell => Path.Combine(report.Reproducer.Of(cell).Folder, RunFile.FileName)).Where(File.Exists)
                .Select(path => RunFile.Read(path).Training.Device).Distinct().Order(StringComparer.Ordinal),
        ];
        return devices.Length == 0 ? "none yet" : string.Join(", ", devices);
    }
}
