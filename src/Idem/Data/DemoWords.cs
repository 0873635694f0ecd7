// The words of the valley. Order and content are part of the demonstration text and its pinned digest.

namespace Idem.Data;

internal static class DemoWords
{
    public static readonly (string Name, string He, string His)[] People =
    [
        ("Anna", "she", "her"), ("Jack", "he", "his"), ("Clara", "she", "her"), ("Peter", "he", "his"),
        ("Lily", "she", "her"), ("Karl", "he", "his"), ("Rosa", "she", "her"), ("Daniel", "he", "his"),
    ];

    public static readonly string[] Days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    public static readonly string[] Numbers =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    ];

    public static readonly string[] Weather = ["sunny", "windy", "rainy", "cold", "warm"];

    public static readonly string[] Places = ["the mill", "the river", "the market", "the garden", "the bridge", "the well"];

    public static readonly string[] Trades = ["baker", "miller", "fisher", "gardener", "teacher", "shepherd"];

    public static readonly (string One, string Many)[] Things =
    [
        ("apple", "apples"), ("loaf", "loaves"), ("pear", "pears"), ("egg", "eggs"), ("nut", "nuts"), ("berry", "berries"),
        ("cake", "cakes"), ("plum", "plums"),
    ];

    public static readonly (string Article, string Animal, string Sound)[] Animals =
    [
        ("a", "cow", "moo"), ("a", "sheep", "baa"), ("a", "duck", "quack"), ("a", "cat", "meow"), ("a", "dog", "woof"), ("an", "owl", "hoo"),
    ];

    public static readonly string[] Feelings = ["happy", "tired", "hungry", "proud", "merry"];

    public static readonly string[] Joys = ["happy", "glad", "joyful"];

    public static readonly string[] Works = ["baked the bread", "swept the floor", "fed the hens", "mended the net", "watered the beans", "read a book"];

    public static readonly string[] Greetings = ["Good morning", "Good day", "Hello"];

    public static readonly (string First, string Second)[] Couplets =
    [
        ("The moon is high, the day is done,", "good night, good night to everyone."),
        ("The little cat sat on the mat", "and wore a very little hat."),
        ("The river runs, the river sings", "of boats and bells and golden rings."),
        ("The wind goes up, the wind goes down,", "it blows the leaves all over town."),
        ("The owl sat in the apple tree", "and counted: one and two and three."),
        ("The lazy river, blue and slow,", "goes over stones where violets grow."),
        ("The sun comes up, the bread is hot,", "we eat it all, we eat a lot."),
    ];
}
