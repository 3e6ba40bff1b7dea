using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Tests.Datasets;

public class TrainingPicturesTests
{
    [Fact]
    public void Held_out_pictures_are_not_trained_on_and_none_is_lost()
    {
        TrainingPictures training = Training(SolidPictures.SingleLabel(30));

        (TrainingPictures fit, PictureSet validation) = training.HoldOut(perClass: 4);

        Assert.Equal(Enumerable.Range(0, 30), Indices(fit.Pictures).Concat(Indices(validation)).Order());
        Assert.Equal(Indices(fit.Pictures).Order(), Indices(fit.Pictures));
        Assert.Equal(Indices(validation).Order(), Indices(validation));
        Assert.Equal("a digest", fit.SplitDigest);
    }

    [Fact]
    public void Each_class_gives_the_same_number()
    {
        (_, PictureSet validation) = Training(SolidPictures.SingleLabel(31)).HoldOut(perClass: 4);
        Assert.Equal([4, 4, 4], Enumerable.Range(0, 3).Select(c => Indices(validation).Count(i => i % 3 == c)));
    }

    [Fact]
    public void A_seed_holds_out_the_same_pictures_again_and_another_seed_others()
    {
        TrainingPictures training = Training(SolidPictures.SingleLabel(90));
        Assert.Equal(HeldOut(seed: 3), HeldOut(seed: 3));
        Assert.NotEqual(HeldOut(seed: 3), HeldOut(seed: 4));

        IEnumerable<int> HeldOut(ulong seed) => Indices(training.HoldOut(perClass: 5, seed).Validation);
    }

    [Fact]
    public void With_several_classes_a_picture_each_class_draws_its_number_among_what_is_left()
    {
        Dataset dataset = SolidPictures.MultiLabel(600);

        (TrainingPictures fit, PictureSet validation) = Training(dataset).HoldOut(perClass: 7);

        Assert.Equal(7 * 6, validation.Count);
        Assert.Empty(Indices(fit.Pictures).Intersect(Indices(validation)));
        Assert.Equal(600, fit.Pictures.Count + validation.Count);
        Assert.All(Enumerable.Range(0, 6), c => Assert.True(Indices(validation).Count(i => dataset.LabelsOf(i).Contains(c)) >= 7));
    }

    [Fact]
    public void A_class_that_is_too_small_is_named()
    {
        var error = Assert.Throws<InvalidDataException>(() => Training(SolidPictures.SingleLabel(8)).HoldOut(perClass: 2));
        Assert.Equal("Class 'class 2' has 2 training pictures; 2 held out leave none to train on.", error.Message);
    }

    private static TrainingPictures Training(Dataset dataset) =>
        new(new PictureSet(dataset, [.. Enumerable.Range(0, dataset.Count)]), "a digest");

    private static IEnumerable<int> Indices(PictureSet pictures) => Enumerable.Range(0, pictures.Count).Select(pictures.IndexOf);
}
